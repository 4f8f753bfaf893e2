// Records every stream as MP4, and one as FLV for as long as somebody wants it.
// #region record
import { Hub } from 'millrace/hub'
import { DirectoryRecordingStore, Recorder } from 'millrace/services/recording'

const hub = new Hub()

async function startRecording(directory: string): Promise<Recorder> {
  const recorder = new Recorder({
    hub,
    store: new DirectoryRecordingStore(directory),
    path: '[app]/[stream].[timestamp].mp4',
    segmentDurationMs: 2_000, // A minute or an hour in earnest: a file ends at the first keyframe after it.
  })
  recorder.on('finish', ({ file, durationMs, reason }) =>
    console.log(`${basename(file)}: ${(durationMs / 1_000).toFixed(1)} s, ${reason}`),
  )
  // The stream goes on without the recording.
  recorder.on('error', ({ streamPath, error }) => console.error(`${streamPath}: ${error.message}`))
  // Finishes files that a crash left, and reports them like any other.
  await recorder.recover()
  return recorder
}
// #endregion record

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inRealTime } from 'millrace/node'
import { readClip } from './clip.ts'

const directory = await mkdtemp(join(tmpdir(), 'millrace-record-'))
const recorder = await startRecording(directory)

const publisher = hub.publish('/live/show')
const stop = new AbortController()
const publishing = publisher.send(inRealTime(readClip(), { loop: true, signal: stop.signal }))
await sleep(1_000)

// #region on-demand
const store = new DirectoryRecordingStore(directory)
const clips = new Recorder({ hub, store, start: 'on-demand', path: 'clips/[stream].flv' })
clips.on('finish', ({ file, reason }) => console.log(`${basename(file)}: ${reason}`))
clips.start(publisher.source)
await sleep(1_500)
await clips.stop(publisher.source)
// #endregion on-demand

for (const { key, durationMs } of recorder.recordings()) {
  console.log(`recording ${key.replace(/\d{13}/, 'TIME')}, ${durationMs > 0 ? 'some' : 'no'} media`)
}
stop.abort()
await publishing.catch(() => undefined)
publisher.unpublish()
await Promise.all([recorder.close(), clips.close()])
hub.close()
await rm(directory, { recursive: true })
