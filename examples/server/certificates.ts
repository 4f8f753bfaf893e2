/**
 * The certificates of the ports that speak TLS, read again when their files change.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { ConfigError } from './config/config.ts'
import type { Config } from './config/config.schema.ts'
import type { EventLog } from './event-log.ts'

/** Sections that have a port with TLS. */
export const TLS_SECTIONS = ['rtmp', 'http', 'https', 'operator'] as const

/** Names of the sections. */
export type TlsSection = (typeof TLS_SECTIONS)[number]

/** Files of a certificate, as the configuration names them. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
}

/** What is in them. */
export interface Certificate {
  readonly cert: Buffer
  readonly key: Buffer
}

/** How often files are looked at, ms. */
const WATCH_INTERVAL_MS = 1_000

interface Port {
  files: TlsFiles
  certificate: Certificate
  /** Makes connections that come from now on see it. */
  readonly use: (certificate: Certificate) => void
}

/** All certificates of a server. */
export class Certificates {
  readonly #log: EventLog
  readonly #ports: Map<TlsSection, Port>
  readonly #timer: NodeJS.Timeout
  /** State of all files, as it was last seen. */
  #seen: string | undefined
  #isChanging: boolean

  /** @param intervalMs - how often their files are looked at. */
  constructor(log: EventLog, intervalMs = WATCH_INTERVAL_MS) {
    this.#log = log
    this.#ports = new Map()
    this.#seen = undefined
    this.#isChanging = false
    this.#timer = setInterval(() => void this.#look(), intervalMs).unref()
  }

  /** Renews the certificate of a port from now on. */
  add(section: TlsSection, files: TlsFiles, certificate: Certificate, use: Port['use']): void {
    this.#ports.set(section, { files, certificate, use })
  }

  /**
   * Reads all files, those that `config` names where it has other ones.
   * @returns puts what is new in force.
   * @throws {@link ConfigError} when one cannot be used: nothing changes.
   */
  read(config?: Config): () => void {
    const all = Array.from(this.#ports, ([section, port]) => {
      const files = (config && tlsOf(config, section)) ?? port.files
      return { section, port, files, certificate: readCertificate(section, files) }
    })
    return () => {
      const sections: TlsSection[] = []
      for (const { section, port, files, certificate } of all) {
        const { cert, key } = port.certificate
        port.files = files
        if (certificate.cert.equals(cert) && certificate.key.equals(key)) continue
        port.certificate = certificate
        port.use(certificate)
        sections.push(section)
      }
      if (sections.length === 0) return
      this.#log.event(
        'certificate',
        { sections: sections.join(' ') },
        `new certificate for ${sections.join(', ')}`,
      )
    }
  }

  /** Looks no more. */
  close(): void {
    clearInterval(this.#timer)
  }

  /** Certificate and key are written one after the other: they are read when nothing has changed since the last look. */
  async #look(): Promise<void> {
    const states = Array.from(this.#ports.values(), async ({ files }) => [
      await stateOf(files.cert),
      await stateOf(files.key),
    ])
    const seen = (await Promise.all(states)).join()
    const isFirst = this.#seen === undefined
    const hasChanged = seen !== this.#seen
    this.#seen = seen
    if (hasChanged || !this.#isChanging) {
      this.#isChanging = hasChanged && !isFirst
      return
    }
    this.#isChanging = false
    try {
      this.read()()
    } catch (error) {
      const { message } = error as Error
      this.#log.event('certificate-failed', { error: message }, `${message}; keeping the old certificate`)
    }
  }
}

/** @throws {@link ConfigError} for files that cannot be read, and that are no certificate with its key. */
export function readCertificate(section: TlsSection, { cert, key }: TlsFiles): Certificate {
  try {
    const certificate = { cert: readFileSync(cert), key: readFileSync(key) }
    createSecureContext(certificate)
    return certificate
  } catch (error) {
    throw new ConfigError(`${section}.tls: ${(error as Error).message}`, { cause: error })
  }
}

/** Files that a configuration names for a section. */
export function tlsOf(config: Config, section: TlsSection): TlsFiles | undefined {
  return config[section]?.tls
}

async function stateOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path)
    return `${mtimeMs} ${size} ${ino}`
  } catch {
    return 'missing'
  }
}
