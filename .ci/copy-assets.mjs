// What the compiled examples read at run time and the compiler does not copy: the page and the demo clip.
import { cpSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
for (const asset of ['server/page', 'server/demo.flv']) {
  cpSync(join(root, 'examples', asset), join(root, '.build/examples', asset), { recursive: true })
}
