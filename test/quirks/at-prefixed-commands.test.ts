/** Some encoders put an @ before the names of commands, too, as in the data handler @setDataFrame. */
import { expect, test } from 'vitest'
import { command, streamCommand } from '../support/rtmp-bytes.ts'
import { connected } from '../rtmp/session-harness.ts'

test('@releaseStream, @FCPublish, @createStream, @publish', () => {
  const harness = connected()
  const events = harness.push(
    command('@releaseStream', 2, null, 'cam'),
    command('@FCPublish', 3, null, 'cam'),
    command('@createStream', 4, null),
    streamCommand('@publish', 5, 'cam', 'live'),
  )
  expect(events.at(-1)).toMatchObject({ type: 'publish', streamName: 'cam', command: { name: '@publish' } })
  expect(harness.output()).toEqual(['_result 2 undefined', '_result 3 undefined', '_result 4 1'])
})
