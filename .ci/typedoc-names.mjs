// TypeDoc plugin: what the pages and comments cannot say for themselves.
//
// `{@link DecodeError}` finds the one export of that name also in a file that does not import it. A name that no
// module exports, or several, stays a warning, and fails the build.
//
// A constant object whose values are texts, such as `ERROR_CODES`, is its own documentation: each text becomes the
// comment of its member.
//
// A page of docs/ is called by its heading and grouped by its folder, without front matter that other readers of
// Markdown would show.
import { Comment, Converter, ReflectionKind } from 'typedoc'

export function load(app) {
  app.converter.addUnknownSymbolResolver((reference, from, part) => {
    // Types are asked for as well, where only a URL is an answer: an inherited accessor ("Inherited from RtmpSession.isClosed").
    if (part === undefined) return undefined
    const path = reference.symbolReference?.path
    if (reference.moduleSource !== undefined || path === undefined || path.length === 0) return undefined
    const [name, ...members] = path.map((component) => component.path)
    // Aliases (`src/index.ts` exports again) are references, not declarations.
    const named = from.project
      .getReflectionsByKind(ReflectionKind.All)
      .filter(
        (found) =>
          found.name === name && found.parent?.kind === ReflectionKind.Module && !found.isReference(),
      )
    if (named.length !== 1) return undefined
    const target = members.length === 0 ? named[0] : named[0].getChildByName(members)
    return target === undefined ? undefined : { target }
  })

  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
    for (const property of context.project.getReflectionsByKind(ReflectionKind.Property)) {
      const text = property.type?.type === 'literal' ? property.type.value : undefined
      const constant = property.parent?.parent?.kind === ReflectionKind.Variable
      if (constant && typeof text === 'string' && !property.hasComment()) {
        property.comment = new Comment([{ kind: 'text', text }])
      }
    }
    for (const page of context.project.getReflectionsByKind(ReflectionKind.Document)) {
      const heading = /^# (.+)$/m.exec(page.content.map(({ text }) => text).join(''))?.[1]
      const folder = /docs\/(guides|reference)\//.exec(
        context.project.files.getReflectionPath(page) ?? '',
      )?.[1]
      page.frontmatter.group ??= { guides: 'Guides', reference: 'Reference' }[folder] ?? 'Documents'
      if (heading !== undefined) page.name = heading
    }
  })
}
