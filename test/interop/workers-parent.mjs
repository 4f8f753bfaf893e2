// Programs of a server that is about to be killed: prints their process ids as JSON.
import { readFileSync } from 'node:fs'
import { demuxFlv } from 'millrace/flv'
import { Hub } from 'millrace/hub'
import { inRealTime } from 'millrace/node'
import { ExecHooks, Ingester, Transcoder } from 'millrace/services/ffmpeg'

const [clip, silentUrl] = process.argv.slice(2)
const hub = new Hub()
const video = { height: 90, preset: 'ultrafast', threads: 1 }
const services = [
  new Transcoder({ hub, engines: [{ name: 'one', outputs: [{ name: 'lo', video }] }] }),
  // Neither reads anything from here, nor writes anything: they would not notice.
  new Ingester({ hub, ingests: [{ name: 'stuck', streamPath: '/live/stuck', url: silentUrl }] }),
  new ExecHooks({
    hub,
    hooks: [
      {
        name: 'family',
        on: 'publish',
        match: 'live/show',
        command: ['sh', '-c', 'sleep 1000 & sleep 1000; wait'],
      },
    ],
  }),
]
void hub.publish('/live/show').send(inRealTime(demuxFlv(readFileSync(clip)), { loop: true }))
const print = setInterval(() => {
  const pids = services.flatMap((service) => service.stats()).map(({ pid }) => pid)
  if (pids.includes(undefined) || hub.source('/live/show_lo') === undefined) return
  clearInterval(print)
  console.log(JSON.stringify(pids))
}, 50)
