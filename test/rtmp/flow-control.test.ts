import { FlowControl } from 'millrace/rtmp'
import { describe, expect, test } from 'vitest'

describe('what we acknowledge', () => {
  test('is due after half a window, and again half a window later', () => {
    const flow = new FlowControl(1000)
    flow.countReceived(499)
    expect(flow.takeAcknowledgement()).toBeUndefined()
    flow.countReceived(1)
    expect(flow.takeAcknowledgement()).toBe(500)
    expect(flow.takeAcknowledgement()).toBeUndefined()
    flow.countReceived(5000)
    expect(flow.takeAcknowledgement()).toBe(5500)
  })

  test('follows the window of the peer, also an odd one', () => {
    const flow = new FlowControl(1000)
    flow.setWindow(3)
    flow.countReceived(1)
    expect(flow.takeAcknowledgement()).toBeUndefined()
    flow.countReceived(1)
    expect(flow.takeAcknowledgement()).toBe(2)
  })

  test('is nothing with a window of 0', () => {
    const flow = new FlowControl(0)
    flow.countReceived(2 ** 33)
    expect(flow.takeAcknowledgement()).toBeUndefined()
  })

  test('wraps at 2^32', () => {
    const flow = new FlowControl(1000, 2 ** 32 - 100)
    flow.countReceived(600)
    expect(flow.takeAcknowledgement()).toBe(500)
    expect(flow.receivedBytes).toBe(2 ** 32 + 500)
  })
})

describe('what the peer acknowledges', () => {
  test('a peer that never does leaves everything open', () => {
    const flow = new FlowControl(0)
    flow.countSent(10_000_000)
    expect(flow.unacknowledgedBytes).toBe(10_000_000)
  })

  test('is subtracted', () => {
    const flow = new FlowControl(0)
    flow.countSent(1000)
    flow.acknowledge(400)
    expect(flow.unacknowledgedBytes).toBe(600)
  })

  test('goes on across 2^32', () => {
    const flow = new FlowControl(0, 2 ** 32 - 100)
    flow.countSent(300)
    flow.acknowledge(2 ** 32 - 50)
    expect(flow.unacknowledgedBytes).toBe(250)
    flow.acknowledge(150)
    expect(flow.unacknowledgedBytes).toBe(50)
  })

  test('a count that is a little ahead of ours, by the handshake, is all of ours', () => {
    const flow = new FlowControl(0)
    flow.countSent(1000)
    flow.acknowledge(1000 + 3073)
    expect(flow.unacknowledgedBytes).toBe(0)
    flow.countSent(2 ** 32)
    flow.acknowledge(2000)
    expect(flow.unacknowledgedBytes).toBe(0)
  })

  test('a senseless count never gives less than nothing', () => {
    const flow = new FlowControl(0)
    flow.countSent(1000)
    flow.acknowledge(2 ** 31)
    expect(flow.unacknowledgedBytes).toBe(1000)
  })
})
