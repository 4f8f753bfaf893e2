import { createHash } from 'node:crypto'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { avccToAnnexB } from 'millrace/codec'
import { demuxFlv } from 'millrace/flv'
import { type AccessUnit, AccessUnitConverter, type MediaPacket, PacketConverter } from 'millrace/media'
import {
  RtpReceiver,
  type RtpFormat,
  rtpFormatFor,
  rtpFormatsOf,
  RtpSender,
  RtpTimeline,
  sdpMediaOf,
} from 'millrace/rtp'
import { formatSdp, parseSdp } from 'millrace/sdp'
import { expect, it } from 'vitest'
import { type Clip, clipPath, readClip } from '../support/clips.ts'
import { start } from '../support/process.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { describeWithTool, requireTool } from '../support/tools.ts'

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

function unitsOf(clip: Clip, codec: string): AccessUnit[] {
  const converter = new AccessUnitConverter()
  const units = demuxFlv(readClip(clip)).flatMap((packet) => converter.push(packet))
  return units.filter((unit) => unit.codec === codec).slice(0, 60)
}

/** A port of UDP that nobody has, and its neighbour. */
async function openPort(): Promise<{ socket: Socket; port: number }> {
  for (;;) {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const { port } = socket.address() as AddressInfo
    if (port % 2 === 0) return { socket, port }
    socket.close()
  }
}

/** Resolves once somebody reads on a port: before that the system refuses what is sent there. */
async function hears(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const probe = createSocket('udp4')
    probe.connect(port, '127.0.0.1')
    await once(probe, 'connect')
    let refused = false
    probe.on('error', () => (refused = true))
    probe.send(Uint8Array.of(0))
    await sleep(25)
    if (!refused) probe.send(Uint8Array.of(0))
    await sleep(25)
    probe.close()
    if (!refused) return
  }
  throw new Error(`nobody reads on port ${port}`)
}

/** Annex B for H.264 and HEVC; the parser of HEVC counts the first zero of a start code to the frame before. */
function asFfmpegHasIt(codec: string, data: Uint8Array, isFirst: boolean): Uint8Array {
  if (codec !== 'avc1' && codec !== 'hvc1') return data
  const annexB = avccToAnnexB(data, 4)
  return codec === 'avc1' ? annexB : Uint8Array.of(...annexB.subarray(isFirst ? 0 : 1), 0)
}

describeWithTool('ffmpeg', 'what RtpSender sends', () => {
  it.each([
    ['avc1', 'avc-aac-bframes.flv'],
    ['hvc1', 'hevc-aac.ertmp.flv'],
    ['vp09', 'vp9-opus.ertmp.flv'],
    ['mp4a', 'avc-aac-bframes.flv'],
    ['.mp3', 'avc-mp3.flv'],
    ['Opus', 'av1-opus.ertmp.flv'],
  ] as const)('ffmpeg reads %s, frame by frame', async (codec, clip) => {
    const units = unitsOf(clip, codec)
    const { socket, port } = await openPort()
    socket.close()
    const format = rtpFormatFor(codec, units[0]!.configuration)!
    const media = { ...sdpMediaOf(format), port, connection: 'IN IP4 127.0.0.1' }
    const sdp = join(await tempFolder(), 'session.sdp')
    await writeFile(sdp, formatSdp({ attributes: [], media: [media] }))
    const input = ['-protocol_whitelist', 'file,udp,rtp', '-i', sdp]
    const ffmpeg = start(requireTool('ffmpeg'), [
      '-v',
      'error',
      ...input,
      '-c',
      'copy',
      '-copyinkf', // it takes no frame of VP9 for a keyframe
      '-f',
      'framehash',
      '-hash',
      'md5',
      '-',
    ])
    await hears(port)
    const sender = new RtpSender({ format, ssrc: 1, sequenceNumber: 65_500, timestamp: 0xffff_0000 })
    const wire = createSocket('udp4')
    for (const unit of units) {
      for (const bytes of sender.push(unit)) wire.send(bytes, port, '127.0.0.1')
      await sleep(30)
    }
    await sleep(500)
    wire.close()
    const { stdout, stderr } = await ffmpeg.stop('SIGINT')
    const sent = units.map(({ data }, i) => md5(asFfmpegHasIt(codec, data, i === 0)))
    const got = Array.from(stdout.toString().matchAll(/^\d.*\b([0-9a-f]{32})$/gm), ([, hash]) => hash!)
    // ffmpeg holds the last frames back until more comes.
    expect(got.length, stderr).toBeGreaterThan(units.length - 12)
    const first = sent.indexOf(got[0]!)
    expect(got).toEqual(sent.slice(first, first + got.length))
    expect(first).toBeLessThanOrEqual(1)
  })
})

/** What a program sends to a port by itself, until it ends. */
async function receive(
  format: (text: string) => RtpFormat,
  args: (port: number) => [string, string[]],
): Promise<MediaPacket[]> {
  const { socket, port } = await openPort()
  const datagrams: Uint8Array[] = []
  socket.on('message', (bytes) => datagrams.push(bytes))
  const [program, list] = args(port)
  const { stdout } = await start(requireTool(program), list).exited
  await sleep(200)
  socket.close()
  const receiver = new RtpReceiver({ format: format(stdout.toString()), timeline: new RtpTimeline() })
  const converter = new PacketConverter()
  const packets: MediaPacket[] = []
  for (const [i, bytes] of datagrams.entries()) {
    receiver.push(bytes, i)
    for (let unit = receiver.read(); unit !== undefined; unit = receiver.read())
      packets.push(...converter.push(unit))
  }
  expect(receiver.counts.damaged).toBe(0)
  return packets.filter(({ coded }) => coded)
}

describeWithTool('ffmpeg', 'what ffmpeg sends', () => {
  it('comes in frame by frame, with the decode times of the encoder', async () => {
    const source = demuxFlv(readClip('avc-aac-bframes.flv')).filter(
      ({ kind, coded }) => kind === 'video' && coded,
    )
    const packets = await receive(
      (sdp) => parseSdp(sdp).media.flatMap(rtpFormatsOf)[0]!,
      (port) => [
        'ffmpeg',
        [
          '-v',
          'error',
          '-re',
          '-i',
          clipPath('avc-aac-bframes.flv'),
          '-t',
          '2',
          '-an',
          '-c',
          'copy',
          '-f',
          'rtp',
          `rtp://127.0.0.1:${port}`,
        ],
      ],
    )
    expect(packets.length).toBeGreaterThan(45)
    expect(packets.map(({ payload }) => md5(payload))).toEqual(
      source.slice(0, packets.length).map(({ payload }) => md5(payload)),
    )
    // The first of them could not be known.
    const shift = packets.slice(4).map(({ dts }, i) => dts - source[i + 4]!.dts)
    expect(Math.max(...shift) - Math.min(...shift)).toBeLessThanOrEqual(1)
  })
})
