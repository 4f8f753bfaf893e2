import { expect, it } from 'vitest'
import { forwardedClient } from '../../../src/node/http/forwarded-client.ts'
import { plainAddress } from '../../../src/node/net/plain-address.ts'

it.each([
  ['198.51.100.7', '198.51.100.7'],
  ['198.51.100.7:38242', '198.51.100.7'],
  [' "198.51.100.7:38242" ', '198.51.100.7'],
  ['::ffff:198.51.100.7', '198.51.100.7'],
  ['::FFFF:198.51.100.7', '198.51.100.7'],
  ['::ffff:c633:6407', '198.51.100.7'],
  ['0:0:0:0:0:ffff:c633:6407', '198.51.100.7'],
  ['[::ffff:198.51.100.7]:443', '198.51.100.7'],
  // RFC 5952 §4 and §6
  ['2001:db8::1', '2001:db8::1'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['2001:0db8::0001', '2001:db8::1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8::1]:443', '2001:db8::1'],
  ['"[2001:db8::1]:443"', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  // No addresses
  ['', ''],
  ['unknown', 'unknown'],
  ['_hidden', '_hidden'],
  ['198.51.100.777', '198.51.100.777'],
  ['198.51.100:80', '198.51.100:80'],
  ['[2001:db8::1', '[2001:db8::1'],
])('%s is spelt %s', (text, plain) => {
  expect(plainAddress(text)).toBe(plain)
})

it.each<[headers: Record<string, string>, remoteAddress: string, secure?: boolean]>([
  [{ 'x-forwarded-for': '203.0.113.9, 198.51.100.7:38242' }, '198.51.100.7'],
  [{ 'x-forwarded-for': '203.0.113.9, "[2001:db8::1]:443"' }, '2001:db8::1'],
  [{ 'x-real-ip': '[2001:DB8::1]:443' }, '2001:db8::1'],
  // RFC 7239 §4
  [{ forwarded: 'for=192.0.2.43, for="[2001:db8:cafe::17]:4711"' }, '2001:db8:cafe::17'],
  [{ forwarded: 'For=192.0.2.60;Proto=HTTPS;by=203.0.113.43' }, '192.0.2.60', true],
  [{ forwarded: 'by=203.0.113.43; for="192.0.2.60:80" ;proto=http' }, '192.0.2.60'],
  [{ forwarded: 'for="_gazonk"' }, '_gazonk'],
  [{ forwarded: 'by=203.0.113.43' }, '192.0.2.1'],
  // What a client makes up in front of what its proxy adds.
  [{ forwarded: 'for=", for="[2001:db8::1]"' }, '2001:db8::1'],
  [{ forwarded: 'for=203.0.113.9;x=", for=198.51.100.7' }, '198.51.100.7'],
  [{ forwarded: 'for=203.0.113.9;proto=https, for=198.51.100.7;proto=http' }, '198.51.100.7'],
  [{ 'x-forwarded-for': '"203.0.113.9, 198.51.100.7' }, '198.51.100.7'],
  // In this order.
  [
    { forwarded: 'for=203.0.113.9', 'x-forwarded-for': '198.51.100.7', 'x-real-ip': '203.0.113.8' },
    '198.51.100.7',
  ],
  [{ forwarded: 'for=203.0.113.9', 'x-real-ip': '198.51.100.7' }, '198.51.100.7'],
  [{ 'x-forwarded-proto': 'http', forwarded: 'proto=https' }, '192.0.2.1'],
])('behind one proxy %j is %s', (headers, remoteAddress, secure = false) => {
  const connected = { remoteAddress: '::ffff:192.0.2.1', secure: false }
  expect(forwardedClient((name) => headers[name], true, connected)).toEqual({ remoteAddress, secure })
  expect(forwardedClient((name) => headers[name], false, connected)).toEqual({
    remoteAddress: '192.0.2.1',
    secure: false,
  })
})
