/**
 * The players of a source hear of its publisher through one listener, however many they are, and in turns: to tell
 * 5000 of them takes 70 to 150 ms.
 *
 * @module
 */
import type { Source } from '../../hub/index.ts'
import type { Scheduler } from '../../hub/internal.ts'

/** Somebody who plays a source. */
export interface SourceFollower {
  /** The publisher has gone and may come back. */
  publisherGone(): void
  /** A publisher is there again. */
  publisherBack(): void
}

/** Followers by source. */
export class SourceFollowers {
  readonly #scheduler: Scheduler
  readonly #groups: Map<Source, Group>

  /** @param scheduler - notifies them in turns. */
  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
    this.#groups = new Map()
  }

  /** `follower` hears of `source` from now on. */
  add(source: Source, follower: SourceFollower): void {
    let group = this.#groups.get(source)
    if (group === undefined) {
      group = new Group(source, this.#scheduler)
      this.#groups.set(source, group)
    }
    group.followers.add(follower)
  }

  /** `follower` no longer hears of `source`. */
  delete(source: Source, follower: SourceFollower): void {
    const group = this.#groups.get(source)
    if (group === undefined) return
    group.followers.delete(follower)
    if (group.followers.size > 0) return
    group.close()
    this.#groups.delete(source)
  }
}

/** What those who followed at the time are to hear. */
interface Notice {
  readonly followers: readonly SourceFollower[]
  tell(follower: SourceFollower): void
}

class Group {
  readonly followers: Set<SourceFollower>
  readonly #source: Source
  readonly #scheduler: Scheduler
  /** Not told to everyone yet. A follower hears of everything in the order in which it was. */
  readonly #notices: Notice[]
  readonly #onUnpublish: () => void
  readonly #onPublish: () => void

  constructor(source: Source, scheduler: Scheduler) {
    this.followers = new Set()
    this.#source = source
    this.#scheduler = scheduler
    this.#notices = []
    this.#onUnpublish = () => this.#announce((follower) => follower.publisherGone())
    this.#onPublish = () => this.#announce((follower) => follower.publisherBack())
    source.on('unpublish', this.#onUnpublish)
    source.on('publish', this.#onPublish)
  }

  close(): void {
    this.#source.off('unpublish', this.#onUnpublish)
    this.#source.off('publish', this.#onPublish)
  }

  #announce(tell: Notice['tell']): void {
    this.#notices.push({ followers: Array.from(this.followers), tell })
    // One that is under way takes this one along.
    if (this.#notices.length > 1) return
    this.#scheduler.forEach(this.#untold(), ({ follower, notice }) => notice.tell(follower))
  }

  *#untold(): Generator<{ readonly follower: SourceFollower; readonly notice: Notice }> {
    for (let notice = this.#notices[0]; notice !== undefined; notice = this.#notices[0]) {
      for (const follower of notice.followers) if (this.followers.has(follower)) yield { follower, notice }
      this.#notices.shift()
    }
  }
}
