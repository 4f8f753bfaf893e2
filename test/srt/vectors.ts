/**
 * Packets that libsrt 1.5.1 sent: FFmpeg 5.1, srt-live-transmit and GStreamer 1.22 on one machine. The passphrase of those that have keys
 * is `test-only-passphrase`.
 */
import type { SrtControlPacket } from 'millrace/srt'
import { hex } from '../support/bytes.ts'

const LOOPBACK = hex('0100007f 00000000 00000000 00000000')

interface ControlVector {
  readonly name: string
  readonly bytes: Uint8Array
  readonly packet: Exclude<SrtControlPacket, { type: 'unknown' }>
}

/** KMREQ of a caller that has AES-128: one even key. */
export const KEY_REQUEST_EVEN = hex(`
  12                                   // 0 | version 1 | type 2
  2029                                 // signature
  01                                   // even key
  00000000                             // key encryption key index
  02 00 02                             // AES-CTR | no authentication | SRT
  000000
  04 04                                // salt 16 bytes | key 16 bytes
  7cf172cd20bfec1dbfcabbada9fa50ae     // salt
  69d960de70c0a1211043e8da32bbaa1a441e366d301c7254`) // wrapped key

/** KMREQ of the same caller when it changes to the odd key. */
export const KEY_REQUEST_BOTH = hex(`
  12 2029 03                           // signature | even and odd key
  00000000 02 00 02 000000 04 04
  7cf172cd20bfec1dbfcabbada9fa50ae     // the same salt
  783d93b2dce06e54cd56d49f3991304a193a8243594964109f3c749c5edf1ee1648a3539d11f1f70`)

export const controlVectors: readonly ControlVector[] = [
  {
    name: 'induction request of FFmpeg',
    bytes: hex(`
      8000 0000 00000000 00000165 00000000 // handshake | timestamp | destination: none yet
      00000004 0000 0002                   // version 4 | no encryption | extension field 2
      048628e9 000005dc 00002000           // initial sequence number | MTU | flow window
      00000001 03959291 00000000           // induction | socket id | no cookie
      0100007f000000000000000000000000     // 127.0.0.1, reversed`),
    packet: {
      type: 'handshake',
      timestamp: 0x165,
      destinationId: 0,
      handshake: {
        version: 4,
        encryption: 0,
        extensionField: 2,
        initialSequenceNumber: 0x048628e9,
        mtuBytes: 1500,
        flowWindowPackets: 8192,
        handshakeType: 1,
        socketId: 0x03959291,
        cookie: 0,
        peerAddress: LOOPBACK,
        extensions: {},
      },
    },
  },
  {
    name: 'induction response',
    bytes: hex(`
      8000 0000 00000000 000a29e4 03959291 // destination: the caller
      00000005 0000 4a17                   // version 5 | no key length | magic
      048628e9 000005dc 00002000
      00000001 03959291 657c79ef           // induction | the caller's socket id | cookie
      0100007f000000000000000000000000`),
    packet: {
      type: 'handshake',
      timestamp: 0x000a29e4,
      destinationId: 0x03959291,
      handshake: {
        version: 5,
        encryption: 0,
        extensionField: 0x4a17,
        initialSequenceNumber: 0x048628e9,
        mtuBytes: 1500,
        flowWindowPackets: 8192,
        handshakeType: 1,
        socketId: 0x03959291,
        cookie: 0x657c79ef,
        peerAddress: LOOPBACK,
        extensions: {},
      },
    },
  },
  {
    name: 'conclusion with a stream id',
    bytes: hex(`
      8000 0000 00000000 00000b9c 00000000
      00000005 0000 0005                   // version 5 | no encryption | HSREQ and CONFIG
      048628e9 000005dc 00002000
      ffffffff 03959291 657c79ef           // conclusion | socket id | cookie
      0100007f000000000000000000000000
      0001 0003 00010501 000000bf 0050 0050 // HSREQ | 1.5.1 | flags | 80 ms | 80 ms
      0005 0007                            // stream id, 28 bytes, each word reversed
      3a3a2123 696c3d72 612f6576 65646362 703d6d2c 696c6275 00006873`),
    packet: {
      type: 'handshake',
      timestamp: 0xb9c,
      destinationId: 0,
      handshake: {
        version: 5,
        encryption: 0,
        extensionField: 5,
        initialSequenceNumber: 0x048628e9,
        mtuBytes: 1500,
        flowWindowPackets: 8192,
        handshakeType: 0xffffffff,
        socketId: 0x03959291,
        cookie: 0x657c79ef,
        peerAddress: LOOPBACK,
        extensions: {
          request: { srtVersion: 0x010501, flags: 0xbf, receiveLatencyMs: 80, sendLatencyMs: 80 },
          streamId: '#!::r=live/abcde,m=publish',
        },
      },
    },
  },
  {
    name: 'conclusion response',
    bytes: hex(`
      8000 0000 00000000 0000014a 03959291
      00000005 0000 0001                   // HSRSP
      048628e9 000005dc 00002000
      ffffffff 16d18787 657c79ef           // conclusion | the connection's socket id | cookie
      0100007f000000000000000000000000
      0002 0003 00010501 000000bf 00c8 0050`), // HSRSP | 200 ms | 80 ms
    packet: {
      type: 'handshake',
      timestamp: 0x14a,
      destinationId: 0x03959291,
      handshake: {
        version: 5,
        encryption: 0,
        extensionField: 1,
        initialSequenceNumber: 0x048628e9,
        mtuBytes: 1500,
        flowWindowPackets: 8192,
        handshakeType: 0xffffffff,
        socketId: 0x16d18787,
        cookie: 0x657c79ef,
        peerAddress: LOOPBACK,
        extensions: {
          response: { srtVersion: 0x010501, flags: 0xbf, receiveLatencyMs: 200, sendLatencyMs: 80 },
        },
      },
    },
  },
  {
    name: 'conclusion with a key',
    bytes: hex(`
      8000 0000 00000000 00000b7a 00000000
      00000005 0002 0003                   // version 5 | AES-128 | HSREQ and KMREQ
      56019b3f 000005dc 00002000
      ffffffff 245c4d96 349aa9cb
      0100007f000000000000000000000000
      0001 0003 00010501 000000bf 0078 0000 // HSREQ | 120 ms | 0 ms
      0003 000e                            // KMREQ, 56 bytes
      12 2029 01 00000000 02 00 02 000000 04 04 7cf172cd20bfec1dbfcabbada9fa50ae
      69d960de70c0a1211043e8da32bbaa1a441e366d301c7254`),
    packet: {
      type: 'handshake',
      timestamp: 0xb7a,
      destinationId: 0,
      handshake: {
        version: 5,
        encryption: 2,
        extensionField: 3,
        initialSequenceNumber: 0x56019b3f,
        mtuBytes: 1500,
        flowWindowPackets: 8192,
        handshakeType: 0xffffffff,
        socketId: 0x245c4d96,
        cookie: 0x349aa9cb,
        peerAddress: LOOPBACK,
        extensions: {
          request: { srtVersion: 0x010501, flags: 0xbf, receiveLatencyMs: 120, sendLatencyMs: 0 },
          keyRequest: KEY_REQUEST_EVEN,
        },
      },
    },
  },
  {
    name: 'change of key',
    bytes: hex(`
      ffff 0003 00000000 00255ba7 01bd3030 // user-defined | KMREQ
      12 2029 03 00000000 02 00 02 000000 04 04 7cf172cd20bfec1dbfcabbada9fa50ae
      783d93b2dce06e54cd56d49f3991304a193a8243594964109f3c749c5edf1ee1648a3539d11f1f70`),
    packet: {
      type: 'keyRequest',
      timestamp: 0x00255ba7,
      destinationId: 0x01bd3030,
      message: KEY_REQUEST_BOTH,
    },
  },
  {
    name: 'rejection 1403 of the API, which is 2403',
    bytes: hex(`
      8000 0000 00000000 00086ab4 25e77992
      00000005 0000 0005 5d0c4879 000005dc 00002000
      00000963 25e77992 4e3fc566           // 2403 | the caller's socket id | cookie
      0100007f000000000000000000000000`),
    packet: {
      type: 'handshake',
      timestamp: 0x00086ab4,
      destinationId: 0x25e77992,
      handshake: {
        version: 5,
        encryption: 0,
        extensionField: 5,
        initialSequenceNumber: 0x5d0c4879,
        mtuBytes: 1500,
        flowWindowPackets: 8192,
        handshakeType: 2403,
        socketId: 0x25e77992,
        cookie: 0x4e3fc566,
        peerAddress: LOOPBACK,
        extensions: {},
      },
    },
  },
  {
    name: 'full ACK',
    bytes: hex(`
      8002 0000 00000002 00046a70 03959291 // ACK 2
      048628f5 0000056f 000002b7           // next | RTT 1391 µs | variance 695 µs
      00001ff3 00051616 000003e8 0e732a9c`), // free | packets/s | link packets/s | bytes/s
    packet: {
      type: 'ack',
      timestamp: 0x00046a70,
      destinationId: 0x03959291,
      ackNumber: 2,
      nextSequenceNumber: 0x048628f5,
      rttUs: 1391,
      rttVarianceUs: 695,
      freePackets: 8179,
      receivedPacketsPerSec: 0x51616,
      linkPacketsPerSec: 1000,
      receivedBytesPerSec: 0x0e732a9c,
    },
  },
  {
    name: 'small ACK, which has a number',
    bytes: hex(`
      8002 0000 00000017 00070175 04236e0c // ACK 23
      5716cf24 00001099 00000e1f 000011f2`), // next | RTT | variance | free
    packet: {
      type: 'ack',
      timestamp: 0x00070175,
      destinationId: 0x04236e0c,
      ackNumber: 23,
      nextSequenceNumber: 0x5716cf24,
      rttUs: 0x1099,
      rttVarianceUs: 0xe1f,
      freePackets: 0x11f2,
    },
  },
  {
    name: 'light ACK',
    bytes: hex('8002 0000 00000000 00001dbe 04236e0c 57169f96'),
    packet: {
      type: 'ack',
      timestamp: 0x1dbe,
      destinationId: 0x04236e0c,
      ackNumber: 0,
      nextSequenceNumber: 0x57169f96,
    },
  },
  {
    name: 'ACKACK',
    bytes: hex('8006 0000 00000002 00047a91 16d18787 00000000'),
    packet: { type: 'ackAck', timestamp: 0x00047a91, destinationId: 0x16d18787, ackNumber: 2 },
  },
  {
    name: 'NAK of one packet',
    bytes: hex('8003 0000 00000000 0011c977 1956a994 047b435f'),
    packet: {
      type: 'nak',
      timestamp: 0x0011c977,
      destinationId: 0x1956a994,
      lost: [{ first: 0x047b435f, last: 0x047b435f }],
    },
  },
  {
    name: 'NAK of a range',
    bytes: hex('8003 0000 00000000 00118b0a 1956a994 847b434d 047b434e'),
    packet: {
      type: 'nak',
      timestamp: 0x00118b0a,
      destinationId: 0x1956a994,
      lost: [{ first: 0x047b434d, last: 0x047b434e }],
    },
  },
  {
    name: 'NAK of two ranges near the end of the numbers',
    bytes: hex('8003 0000 00000000 0012c665 11223344 ffffff8e 7fffff8f ffffff91 7fffff92'),
    packet: {
      type: 'nak',
      timestamp: 0x0012c665,
      destinationId: 0x11223344,
      lost: [
        { first: 0x7fffff8e, last: 0x7fffff8f },
        { first: 0x7fffff91, last: 0x7fffff92 },
      ],
    },
  },
  {
    name: 'drop request for message 8',
    bytes: hex('8007 0000 00000008 0005e404 11fef74c 213ed7db 213ed7db'),
    packet: {
      type: 'dropRequest',
      timestamp: 0x0005e404,
      destinationId: 0x11fef74c,
      messageNumber: 8,
      range: { first: 0x213ed7db, last: 0x213ed7db },
    },
  },
  {
    name: 'keep-alive',
    bytes: hex('8001 0000 00000000 002d10ea 2115e9cc 00000000'),
    packet: { type: 'keepAlive', timestamp: 0x002d10ea, destinationId: 0x2115e9cc },
  },
  {
    name: 'shutdown',
    bytes: hex('8005 0000 00000000 005a8a4e 16d18787 00000000'),
    packet: { type: 'shutdown', timestamp: 0x005a8a4e, destinationId: 0x16d18787 },
  },
]

/** Extensions of a response of libsrt that did not take the key: state 4 in the byte order of the machine. */
export const FAILED_KEY_EXTENSIONS = hex(`
  0002 0003 00010501 000000bf 0078 0078 // HSRSP
  0004 0001 04000000                   // KMRSP, one word`)

/** First data packet of the caller above; 16 of its 1316 bytes. */
export const ENCRYPTED_DATA = hex(`
  56019b3f e8000001 000419c4 01bd3030   // whole, in order, even key; message 1
  dfacab1b 4c5ad610 c6fe10ec b399a13b`)

export const EVEN_KEY = hex('1447bbf8661b5d68d29fbae90b5cd438')
export const ODD_KEY = hex('20a8b7fef09aa635c396586d68b9cd4b')
export const KEY_ENCRYPTION_KEY = hex('e0840aee0020358662164c434ba15dc5')
export const DECRYPTED_DATA = hex('474011100042f0250001c10000ff01ff')
export const DATA_COUNTER = hex('7cf172cd20bfec1dbfcaedac32c50000')

/** Headers of data packets, to which a payload belongs. */
export const dataHeaders = [
  {
    name: 'clear, of FFmpeg',
    bytes: hex('048628e9 e0000001 00041940 16d18787'), // sequence number | whole, in order, message 1 | timestamp | destination
    fields: {
      sequenceNumber: 0x048628e9,
      position: 'whole',
      ordered: true,
      key: 'clear',
      resent: false,
      messageNumber: 1,
      timestamp: 0x00041940,
      destinationId: 0x16d18787,
    },
  },
  {
    name: 'sent again, of srt-live-transmit',
    bytes: hex('047b434d c400001f 00154990 3c71f0c7'), // whole, resent, message 31
    fields: {
      sequenceNumber: 0x047b434d,
      position: 'whole',
      ordered: false,
      key: 'clear',
      resent: true,
      messageNumber: 31,
      timestamp: 0x00154990,
      destinationId: 0x3c71f0c7,
    },
  },
  {
    name: 'encrypted with the even key',
    bytes: ENCRYPTED_DATA.subarray(0, 16),
    fields: {
      sequenceNumber: 0x56019b3f,
      position: 'whole',
      ordered: true,
      key: 'even',
      resent: false,
      messageNumber: 1,
      timestamp: 0x000419c4,
      destinationId: 0x01bd3030,
    },
  },
] as const
