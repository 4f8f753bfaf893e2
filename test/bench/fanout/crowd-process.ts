/** A crowd of players in a process of their own: started by crowd.ts, told when to join, asked for its counts. */
import { type CrowdRequest, LocalCrowd } from './crowd.ts'
import type { CrowdPlan } from './settings.ts'

const crowd = new LocalCrowd(JSON.parse(process.argv[2] ?? '') as CrowdPlan, 0)

async function answer(request: CrowdRequest): Promise<void> {
  process.send!([request, await crowd[request]()])
}

process.on('message', (request: CrowdRequest) => void answer(request))
process.on('disconnect', () => process.exit())
