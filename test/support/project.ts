/** What the meta tests read: the project's own files. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The top level of the project. */
export const ROOT = resolve(import.meta.dirname, '../..')

/** Text of a file, by its path from the top level. */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** Paths from the top level of all files below `folder`, installed and built ones left out. */
export function filesBelow(folder: string): string[] {
  const found: string[] = []
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules') found.push(...filesBelow(path))
    } else found.push(path)
  }
  return found.toSorted()
}

/** A row of a Markdown table, with the `##` heading it stands under. */
export interface TableRow {
  readonly heading: string
  readonly cells: readonly string[]
}

/** The body rows of every Markdown table of a page. Cells are trimmed; `\|` in a cell is a bar. */
export function tableRows(page: string): TableRow[] {
  const rows: TableRow[] = []
  let heading = ''
  let inBody = false
  for (const line of readText(page).split('\n')) {
    if (line.startsWith('## ')) heading = line.slice(3).trim()
    if (!line.startsWith('|')) inBody = false
    else if (/^\|[\s:|-]+\|$/.test(line)) inBody = true
    else if (inBody) {
      const cells = line.slice(1, -1).split(/(?<!\\)\|/)
      rows.push({ heading, cells: cells.map((cell) => cell.trim().replaceAll('\\|', '|')) })
    }
  }
  return rows
}

/** What stands in backticks in a cell. */
export function codeSpans(cell: string): string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), (match) => match[1]!)
}
