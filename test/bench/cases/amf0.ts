import { decodeAmf0, encodeAmf0 } from 'millrace/amf0'
import type { BenchCase } from '../bench-case.ts'
import { connectBody } from '../input.ts'
import { Amf, NMS } from '../rivals/node-media-server.ts'

const CONNECT = connectBody()
const VERSION = { fmsVer: 'FMS/3,0,1,123', capabilities: 31 }
const SUCCESS = {
  level: 'status',
  code: 'NetConnection.Connect.Success',
  description: 'Connection succeeded.',
  objectEncoding: 0,
}

/** What a server does for each connection: reads `connect`, writes `_result`. */
function connect(): BenchCase {
  const ours = (): number => {
    const [, transactionId] = decodeAmf0(CONNECT)
    return encodeAmf0('_result', transactionId, VERSION, SUCCESS).length
  }
  const theirs = (): number => {
    const { transId } = Amf.decodeAmf0Cmd(CONNECT)
    return Amf.encodeAmf0Cmd({ cmd: '_result', transId, cmdObj: VERSION, info: SUCCESS }).length
  }
  return {
    name: 'amf0: connect decoded, _result encoded',
    unit: 'connect',
    unitsPerCall: 1,
    expected: ours(),
    contestants: { millrace: ours, [NMS]: theirs },
  }
}

export default [connect()]
