import { expect, it } from 'vitest'
import { ProgressReader } from '../../../src/services/ffmpeg/ffmpeg-progress.ts'

/** Written by ffmpeg 5.1.9 with `-progress pipe:1`. */
const REPORT = `frame=88
fps=29.19
stream_0_0_q=-1.0
bitrate= 184.1kbits/s
total_size=79991
out_time_us=3476000
out_time_ms=3476000
out_time=00:00:03.476000
dup_frames=2
drop_frames=1
speed=1.15x
progress=continue
`

const READ = {
  frames: 88,
  fps: 29.19,
  bitrateKbps: 184.1,
  outTimeMs: 3_476,
  speed: 1.15,
  droppedFrames: 1,
  duplicatedFrames: 2,
}

it('reads a report in any pieces', () => {
  for (let at = 0; at < REPORT.length; at++) {
    const reader = new ProgressReader()
    reader.push(REPORT.slice(0, at))
    expect(reader.latest).toBeUndefined()
    reader.push(REPORT.slice(at))
    expect(reader.latest).toEqual(READ)
  }
})

it('takes what is not known yet for 0', () => {
  const reader = new ProgressReader()
  reader.push('frame=0\nbitrate=N/A\nout_time_us=N/A\nspeed=   0x\nprogress=continue\n')
  expect(reader.latest).toEqual({ ...ZERO })
})

const ZERO = {
  frames: 0,
  fps: 0,
  bitrateKbps: 0,
  outTimeMs: 0,
  speed: 0,
  droppedFrames: 0,
  duplicatedFrames: 0,
}

it('keeps little of what is no report', () => {
  const reader = new ProgressReader()
  for (let i = 0; i < 100; i++) reader.push('x'.repeat(1_000))
  reader.push(`\n${REPORT}`)
  expect(reader.latest).toEqual(READ)
})
