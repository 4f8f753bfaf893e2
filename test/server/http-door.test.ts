/** What an HTTP port does whatever is behind it. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { HttpDoor, type RequestHandler } from '../../examples/server/http-door.ts'

async function open(handler: RequestHandler): Promise<HttpDoor> {
  const door = await HttpDoor.open(
    { port: 0, host: '127.0.0.1' },
    [handler],
    () => false,
    () => undefined,
  )
  onTestFinished(() => door.close())
  return door
}

/** A connection that has sent `text`, and what it is answered. */
async function send({ url }: HttpDoor, text: string): Promise<{ socket: Socket; answer: () => string }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  const parts: Buffer[] = []
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => parts.push(bytes))
  await once(socket, 'connect')
  socket.write(text)
  return { socket, answer: () => Buffer.concat(parts).toString('latin1') }
}

test('a client that asks on without an answer is cut off', async () => {
  let asked = 0
  const door = await open(() => ++asked > 0)
  const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
  const { socket } = await send(door, request.repeat(100))
  await vi.waitFor(() => expect(asked).toBe(100))
  expect(socket.closed).toBe(false)
  socket.write(request)
  await vi.waitFor(() => expect(socket.closed).toBe(true))
  expect(asked).toBe(100)
})
