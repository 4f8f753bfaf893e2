import { join } from 'node:path'
import { expect } from 'vitest'
import { ROOT } from '../../support/project.ts'
import { NO_WAIT, status } from '../driving.ts'
import { startWith, type TestServer } from '../running.ts'
import { tryKeys } from './try-keys.ts'

const CERT = join(ROOT, 'test/support/tls/certificate.pem')
const KEY = join(ROOT, 'test/support/tls/key.pem')

async function withOperator(section: string): Promise<TestServer> {
  return await startWith(`${NO_WAIT}operator: ${section}`)
}

async function speaksTls(): Promise<void> {
  const { operatorUrl } = await withOperator(`{ port: 0, tls: { cert: ${CERT}, key: ${KEY} } }`)
  expect(operatorUrl).toMatch(/^https:/)
}

tryKeys('operator', {
  async port() {
    const { httpUrl, operatorUrl } = await withOperator('{ port: 0 }')
    expect(operatorUrl).not.toBe(httpUrl)
    for (const path of ['/', '/page/status', '/api/v1/versions', '/metrics']) {
      expect([path, await status(httpUrl + path), await status(operatorUrl + path)]).toEqual([path, 404, 200])
    }
    // The page plays as well.
    expect(await (await fetch(`${operatorUrl}/live/none.flv`)).text()).toBe('no such stream\n')
  },
  async host() {
    expect((await withOperator('{ port: 0, host: 127.0.0.2 }')).operatorUrl).toMatch(
      /^http:\/\/127\.0\.0\.2:/,
    )
    expect((await withOperator('{ port: 0 }')).operatorUrl).toMatch(/^http:\/\/127\.0\.0\.1:/)
  },
  'tls.cert': speaksTls,
  'tls.key': speaksTls,
})
