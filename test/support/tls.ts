/** The certificate of test/support/tls. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const read = (name: string): string => readFileSync(resolve(import.meta.dirname, 'tls', name), 'utf8')

/** Self-signed, for `localhost` and 127.0.0.1. */
export const TLS: { readonly cert: string; readonly key: string } = {
  cert: read('certificate.pem'),
  key: read('key.pem'),
}
