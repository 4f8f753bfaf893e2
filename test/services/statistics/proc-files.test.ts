import { SystemStatistics } from 'millrace/services/statistics'
import { describe, expect, test } from 'vitest'
import {
  parseCpuTimes,
  parseDiskstats,
  parseEstablished,
  parseMeminfo,
  parseNetDev,
  parseSelfStat,
  sockstatValue,
} from '../../../src/services/statistics/proc-files.ts'

// Texts of a Linux 5.10, shortened.
describe('files of /proc', () => {
  test('self/stat, with a name that has all that separates fields', () => {
    const text =
      '20491 (a) b (c) R 20481 20482 30108 0 -1 4194304 135 7 1 2 3 4 5 6 20 0 11 0 526832 3133440 390 ' +
      '18446744073709551615 94529528848384 94529528868265 140726435982544 0 0 0 0 4096 81920 0 0 0 17 1 0 0 0 0 0 ' +
      '94529528884272 94529528885888 94530256719872 1 2 3 4 0\n'
    const stat = parseSelfStat(text)!
    expect([stat.pid, stat.comm, stat.state]).toEqual([20491, 'a) b (c', 'R'])
    expect(stat.fields).toMatchObject({
      ppid: 20481,
      tpgid: -1,
      flags: 4194304,
      minflt: 135,
      cmajflt: 2,
      utime: 3,
      stime: 4,
      cutime: 5,
      cstime: 6,
      priority: 20,
      num_threads: 11,
      starttime: 526832,
      vsize: 3133440,
      rss: 390,
      sigignore: 4096,
      sigcatch: 81920,
      exit_signal: 17,
      processor: 1,
      cguest_time: 0,
    })
    expect([parseSelfStat(''), parseSelfStat('1 x R 2')]).toEqual([undefined, undefined])
  })

  test('stat', () => {
    expect(parseCpuTimes('cpu  259374 931 72654 706206 1355 3 5787 187 9 0\ncpu0 1 2 3\n')).toEqual({
      user: 259374,
      nice: 931,
      sys: 72654,
      idle: 706206,
      iowait: 1355,
      irq: 3,
      softirq: 5787,
      steal: 187,
      guest: 9,
    })
    expect(parseCpuTimes('intr 1')).toBeUndefined()
  })

  test('meminfo', () => {
    const info = parseMeminfo(
      'MemTotal:        8040136 kB\nActive(anon):     1000 kB\nHugePages_Total:       0\n',
    )
    expect([...info]).toEqual([
      ['MemTotal', 8040136],
      ['Active(anon)', 1000],
      ['HugePages_Total', 0],
    ])
  })

  test('net/dev', () => {
    const text =
      'Inter-|   Receive                                                |  Transmit\n' +
      ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n' +
      '    lo: 57094706940 20115997    0  524    0     0          0         0 57094706941 20115997    0    0    0     0       0          0\n' +
      'eth0.7:1234 5 0 0 0 0 0 0 99 1 0 0 0 0 0 0\n'
    expect(parseNetDev(text)).toEqual([
      { name: 'lo', received: 57094706940, sent: 57094706941 },
      { name: 'eth0.7', received: 1234, sent: 99 },
    ])
  })

  test('net/sockstat and net/snmp', () => {
    const text = 'sockets: used 20\nTCP: inuse 5 orphan 1 tw 657 alloc 5 mem 304\nUDP: inuse 2 mem 0\n'
    expect([
      sockstatValue(text, 'TCP', 'inuse'),
      sockstatValue(text, 'TCP', 'tw'),
      sockstatValue(text, 'UDP', 'inuse'),
      sockstatValue(text, 'TCP6', 'inuse'),
    ]).toEqual([5, 657, 2, 0])
    const snmp =
      'Ip: Forwarding\nIp: 2\nTcp: RtoMin MaxConn CurrEstab InSegs\nTcp: 200 -1 42 7\nUdp: X\nUdp: 1\n'
    expect([parseEstablished(snmp), parseEstablished('Ip: X\nIp: 1\n')]).toEqual([42, undefined])
  })

  test('diskstats: the disks that are named, their partitions not again', () => {
    const text =
      '   7       0 loop0 9 9 9 9 9 9 9 9 9 9 9\n' +
      ' 254       0 vda 100 1 2000 30 40 5 6000 70 0 800 90\n' +
      ' 254       1 vda1 100 1 2000 30 40 5 6000 70 0 800 90\n' +
      ' 254      16 vdb 1 1 10 1 1 1 20 1 0 900 1\n'
    expect(parseDiskstats(text, ['vda', 'vdb'])).toEqual({
      readBytes: 2010 * 512,
      writtenBytes: 6020 * 512,
      busyMs: 900,
    })
  })
})

describe('the machine', () => {
  test('shares are unknown before the second sample, then between 0 and 1', () => {
    const system = new SystemStatistics()
    expect([system.processCpu, system.systemCpu, system.disks()]).toEqual([null, null, null])
    system.sample()
    expect(system.processCpu).toBeGreaterThanOrEqual(0)
    const share = system.systemCpu ?? 0
    expect(share >= 0 && share <= 1).toBe(true)
  })

  test('memory adds up', () => {
    const { total, free, cached } = new SystemStatistics().memory()
    expect(total).toBeGreaterThan(free)
    expect(total - free - (cached ?? 0)).toBeGreaterThan(0)
  })

  test('everything is known on Linux, and null is said elsewhere', () => {
    const system = new SystemStatistics()
    const known = [
      system.selfStat(),
      system.uptime().idleSeconds,
      system.network(),
      system.sockets(),
      system.cpuTimes().iowait,
      system.memory().buffers,
    ].map((value) => value !== undefined && value !== null)
    expect(new Set(known)).toEqual(new Set([process.platform === 'linux']))
    expect(system.selfStat()?.pid ?? process.pid).toBe(process.pid)
  })
})
