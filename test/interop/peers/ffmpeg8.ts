/**
 * FFmpeg 8.1 in this process (the npm package node-av), beside Debian's older program: it writes and reads Enhanced
 * RTMP, HEVC, AV1, VP9 and multitrack.
 */
import './promise-with-resolvers.ts'

export * from 'node-av'
