/**
 * Whom a call by HTTPS trusts.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/gs

/**
 * The authorities in `pems` beside those of Node. Made once for all calls: it takes some milliseconds.
 * @throws Error for a text without certificates, and for one that cannot be read.
 */
export function trusting(pems: readonly string[]): SecureContext {
  const own = pems.flatMap((pem) => {
    const found = pem.match(CERTIFICATE)
    if (found === null) throw new Error('has no PEM certificate')
    return found
  })
  // OpenSSL skips what it cannot read.
  for (const pem of own) new X509Certificate(pem)
  return createSecureContext({ ca: [...rootCertificates, ...own] })
}
