// TypeDoc plugin: opens the groups of the sidebar for a reader who comes for the first time, so that every module and
// guide is seen by its name. What the reader opens and closes afterwards stays as it was left.
import { JSX } from 'typedoc'

export function load(app) {
  app.renderer.hooks.on('head.begin', () => {
    const groups = JSON.stringify(app.options.getValue('groupOrder').filter((group) => group !== '*'))
    // The theme's own script, which reads these keys, is deferred; this one runs before it.
    const script = `for (const group of ${groups}) {
      const key = 'tsd-accordion-' + group
      if (localStorage.getItem(key) === null) localStorage.setItem(key, 'true')
    }`
    return JSX.createElement('script', null, JSX.createElement(JSX.Raw, { html: script }))
  })
}
