/**
 * The players of a source hear of its publisher through one listener, however many they are.
 *
 * @module
 */
import type { Source } from '../hub/index.ts'

/** Somebody who plays a source. */
export interface SourceFollower {
  /** The publisher has gone and may come back. */
  publisherGone(): void
  /** A publisher is there again. */
  publisherBack(): void
}

/** Followers by source. */
export class SourceFollowers {
  readonly #groups: Map<Source, Group>

  constructor() {
    this.#groups = new Map()
  }

  /** `follower` hears of `source` from now on. */
  add(source: Source, follower: SourceFollower): void {
    let group = this.#groups.get(source)
    if (group === undefined) {
      group = new Group(source)
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

class Group {
  readonly followers: Set<SourceFollower>
  readonly #source: Source
  readonly #onUnpublish: () => void
  readonly #onPublish: () => void

  constructor(source: Source) {
    this.followers = new Set()
    this.#source = source
    this.#onUnpublish = () => {
      for (const follower of this.followers) follower.publisherGone()
    }
    this.#onPublish = () => {
      for (const follower of this.followers) follower.publisherBack()
    }
    source.on('unpublish', this.#onUnpublish)
    source.on('publish', this.#onPublish)
  }

  close(): void {
    this.#source.off('unpublish', this.#onUnpublish)
    this.#source.off('publish', this.#onPublish)
  }
}
