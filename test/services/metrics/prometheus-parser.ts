/** A strict reader of the Prometheus text format 0.0.4: what it does not allow is thrown. */

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly samples: Sample[]
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const VALUE = /^(?:NaN|[+-]Inf|-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)$/

/** Families by name. Each comes once, with HELP, TYPE and samples in this order, and no sample comes twice. */
export function parsePrometheus(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const families = new Map<string, Family>()
  const seen = new Set<string>()
  let help: { name: string; text: string } | undefined
  let family: Family | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line)
    if (comment?.[1] === 'HELP') {
      if (families.has(comment[2]!)) throw new Error(`${comment[2]} comes twice`)
      if (!/^(?:[^\\]|\\[\\n])*$/.test(comment[3]!)) throw new Error(`escape in ${line}`)
      help = { name: comment[2]!, text: comment[3]! }
      family = undefined
    } else if (comment?.[1] === 'TYPE') {
      const [, , name, type] = comment as unknown as string[]
      if (help?.name !== name) throw new Error(`TYPE without HELP: ${line}`)
      if (!NAME.test(name!) || (type !== 'counter' && type !== 'gauge')) throw new Error(line)
      if (type === 'counter' && !name!.endsWith('_total')) throw new Error(`${name} does not end in _total`)
      family = { name: name!, help: help!.text, type, samples: [] }
      families.set(name!, family)
    } else {
      const sample = parseSample(line)
      if (family?.name !== sample.name) throw new Error(`sample outside of its family: ${line}`)
      const key =
        sample.name +
        JSON.stringify(
          Object.entries(sample.labels)
            .map((pair) => JSON.stringify(pair))
            .toSorted(),
        )
      if (seen.has(key)) throw new Error(`comes twice: ${line}`)
      seen.add(key)
      family.samples.push(sample)
    }
  }
  return families
}

function parseSample(line: string): Sample {
  const brace = line.indexOf('{')
  const blank = line.indexOf(' ')
  const name = line.slice(0, brace >= 0 && brace < blank ? brace : blank)
  if (!NAME.test(name)) throw new Error(`no name: ${line}`)
  const labels: Record<string, string> = {}
  let at = name.length
  if (line[at] === '{') {
    at++
    for (;;) {
      const equals = line.indexOf('="', at)
      const label = line.slice(at, equals)
      if (equals < 0 || !LABEL_NAME.test(label) || label in labels) throw new Error(`no label: ${line}`)
      let value = ''
      for (at = equals + 2; line[at] !== '"'; at++) {
        if (at >= line.length) throw new Error(`label without end: ${line}`)
        if (line[at] !== '\\') value += line[at]
        else {
          const escaped = { '\\': '\\', '"': '"', n: '\n' }[line[++at] ?? '']
          if (escaped === undefined) throw new Error(`escape: ${line}`)
          value += escaped
        }
      }
      labels[label] = value
      at++
      if (line[at] === '}') break
      if (line[at] !== ',') throw new Error(`no comma: ${line}`)
      at++
    }
    at++
  }
  const value = line.slice(at)
  if (!value.startsWith(' ') || !VALUE.test(value.slice(1))) throw new Error(`no value: ${line}`)
  return { name, labels, value: Number(value.slice(1).replace('Inf', 'Infinity')) }
}
