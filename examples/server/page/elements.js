// What the parts of the page are made of.

export const byId = (id) => document.getElementById(id)
export const clone = (id) => byId(id).content.cloneNode(true).firstElementChild

/** Fills a list of terms; texts that have not changed are not touched, so that they can be selected. */
export function setFacts(list, facts) {
  const wanted = Object.entries(facts)
  const names = wanted.map(([name]) => name).join()
  if (list.dataset.names !== names) {
    list.dataset.names = names
    list.replaceChildren(
      ...wanted.map(([name]) => {
        const row = document.createElement('div')
        const term = document.createElement('dt')
        term.textContent = name
        row.append(term, document.createElement('dd'))
        return row
      }),
    )
  }
  wanted.forEach(([, value], i) => setText(list.children[i].lastChild, value))
}

export function setText(element, text) {
  const wanted = String(text)
  if (element.textContent !== wanted) element.textContent = wanted
}

export function setTexts(list, texts) {
  if (list.dataset.texts === texts.join()) return
  list.dataset.texts = texts.join()
  list.replaceChildren(
    ...texts.map((text) => {
      const item = document.createElement('li')
      item.textContent = text
      return item
    }),
  )
}

/** Copies, or selects the text where the browser does not let a page copy (plain http). */
async function copyText(text, element) {
  try {
    await navigator.clipboard.writeText(text)
    return 'Copied'
  } catch {
    getSelection().selectAllChildren(element)
    return 'Selected'
  }
}

export function setUrls(list, urls) {
  list.replaceChildren(
    ...Object.entries(urls).map(([name, url]) => {
      const item = clone('url-template')
      const [label, text, copy] = item.children
      label.textContent = name
      text.textContent = url
      text.title = url
      copy.setAttribute('aria-label', `Copy: ${name}`)
      copy.addEventListener('click', () => {
        void copyText(url, text).then((done) => {
          copy.textContent = done
          setTimeout(() => (copy.textContent = 'Copy'), 1500)
        })
      })
      return item
    }),
  )
}

/**
 * Rows by key: what is there stays the same element, so that a button is not replaced under the finger.
 * @param items - `{ key, title, hint, facts, action? }`, where `action` is `{ label, confirm?, run }`.
 */
export function setRows(list, items) {
  const present = new Map(Array.from(list.children, (row) => [row.dataset.key, row]))
  list.replaceChildren(
    ...items.map((item) => {
      const row = present.get(item.key) ?? clone('row-template')
      row.dataset.key = item.key
      setText(row.querySelector('strong'), item.title)
      setText(row.querySelector('.hint'), item.hint)
      setFacts(row.querySelector('.row-facts'), item.facts ?? {})
      setAction(row, item.action)
      return row
    }),
  )
}

/** Time in which a second press counts as the answer to “Sure?”, ms. */
const CONFIRM_MS = 4000

function setAction(row, action) {
  let button = row.querySelector('button')
  if (action === undefined) {
    button?.remove()
    return
  }
  if (button === null) {
    button = document.createElement('button')
    button.type = 'button'
    button.addEventListener('click', () => void press(button))
    row.append(button)
  }
  button.action = action
  button.setAttribute('aria-label', `${action.label}: ${row.querySelector('strong').textContent}`)
  if (button.dataset.state === undefined) setText(button, action.label)
}

async function press(button) {
  const { action } = button
  if (action.confirm === true && button.dataset.state !== 'sure') {
    button.dataset.state = 'sure'
    button.textContent = 'Sure?'
    setTimeout(() => {
      if (button.dataset.state === 'sure') settle(button)
    }, CONFIRM_MS)
    return
  }
  button.dataset.state = 'busy'
  button.disabled = true
  try {
    await action.run()
  } finally {
    button.disabled = false
    settle(button)
  }
}

function settle(button) {
  delete button.dataset.state
  button.textContent = button.action.label
}
