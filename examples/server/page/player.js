// One video element, and the ways to fill it.
/* global mpegts, Hls */

/** Time before a stream that broke off is asked for again. */
const RETRY_MS = 2000

/** Time in which packets that a script cannot read may be the exception. */
const DOUBT_MS = 5000

/** `readyState` of a video element that knows nothing of its media yet. */
const HAVE_NOTHING = 0

/** URL scheme of the WebSocket beside this page. */
const wsOrigin = location.origin.replace(/^http/, 'ws')

/** The path of a stream may have a query: its virtual host. */
export const withExtension = (path, extension) => path.replace(/(?=\?|$)/, `.${extension}`)

/** The protocols, as the tabs show them. */
export const PROTOCOLS = {
  flv: { name: 'HTTP-FLV', url: (path) => location.origin + withExtension(path, 'flv') },
  ws: { name: 'WebSocket-FLV', url: (path) => wsOrigin + withExtension(path, 'flv') },
  ts: { name: 'HTTP-TS', url: (path) => location.origin + withExtension(path, 'ts') },
  hls: { name: 'HLS', url: (path) => location.origin + withExtension(path, 'm3u8') },
}

/**
 * Plays one stream at a time in `video`, and begins again when it breaks off or is over. Tells `say` what goes on. What this browser
 * cannot play is not asked for.
 */
export class StreamPlayer {
  #video
  #say
  #engine
  #retry
  #doubt
  #path
  #protocol
  #obstacle
  /** What stood in the way when it was last looked at. */
  #seenObstacle

  constructor(video, say) {
    this.#video = video
    this.#say = say
    video.addEventListener('playing', () => say('playing'))
    video.addEventListener('waiting', () => say('buffering'))
    // A playlist that is complete: the stream was over, and may come back.
    video.addEventListener('ended', () => this.#again())
    // With an engine, its errors say more.
    video.addEventListener('error', () => {
      if (this.#engine === undefined) this.#again()
    })
    if (globalThis.mpegts) {
      // Its news goes to the console otherwise.
      mpegts.LoggingControl.applyConfig({ enableDebug: false, enableVerbose: false, enableInfo: false })
    }
  }

  get path() {
    return this.#path
  }

  get protocol() {
    return this.#protocol
  }

  /** @param obstacle tells why the stream cannot be played here, `undefined` while it can. */
  play(path, protocol, obstacle) {
    this.stop()
    this.#path = path
    this.#protocol = protocol
    this.#obstacle = obstacle
    this.#start()
  }

  /** There is news of the stream: its codecs may be others now. */
  look() {
    if (this.#path === undefined || this.#obstacle() === this.#seenObstacle) return
    clearTimeout(this.#retry)
    this.#unload()
    this.#start()
  }

  stop() {
    clearTimeout(this.#retry)
    this.#path = undefined
    this.#unload()
  }

  /** What the viewer sees now: how far behind the stream, how many frames were dropped. */
  facts() {
    const { videoWidth, videoHeight, buffered, currentTime } = this.#video
    const { totalVideoFrames = 0, droppedVideoFrames = 0 } = this.#video.getVideoPlaybackQuality?.() ?? {}
    const end = buffered.length > 0 ? buffered.end(buffered.length - 1) : currentTime
    return {
      Size: videoWidth > 0 ? `${videoWidth}×${videoHeight}` : '–',
      Frames: totalVideoFrames,
      Dropped: droppedVideoFrames,
      Buffer: `${Math.max(0, end - currentTime).toFixed(1)} s`,
    }
  }

  /** The qualities of a stream that has several, as `{ name, level, chosen, playing }`; the first is that of the player's own choice. */
  levels() {
    const engine = this.#engine
    if (!(globalThis.Hls && engine instanceof Hls) || engine.levels.length < 2) return []
    const best = engine.levels.map(({ height, bitrate }, level) => ({
      name: height > 0 ? `${height}p` : `${Math.round(bitrate / 1000)} kbit/s`,
      level,
      chosen: !engine.autoLevelEnabled && engine.manualLevel === level,
      playing: engine.currentLevel === level,
    }))
    return [
      { name: 'Auto', level: -1, chosen: engine.autoLevelEnabled, playing: false },
      ...best.toReversed(),
    ]
  }

  /** Changes to one of {@link levels}; what is buffered of another one is not waited for. */
  chooseLevel(level) {
    this.#engine.nextLevel = level
  }

  #start() {
    this.#seenObstacle = this.#obstacle()
    if (this.#seenObstacle !== undefined) {
      this.#say(this.#seenObstacle)
      return
    }
    this.#say('connecting')
    const url = PROTOCOLS[this.#protocol].url(this.#path)
    if (this.#protocol === 'hls') this.#startHls(url)
    else this.#startMpegts(url, this.#protocol === 'ts' ? 'mpegts' : 'flv')
    // Muted, so that browsers let it start by itself.
    this.#video.play().catch(() => undefined)
  }

  #startMpegts(url, type) {
    if (!mpegts.isSupported()) {
      this.#say('this browser has no Media Source Extensions: use HLS')
      return
    }
    const engine = mpegts.createPlayer(
      { type, isLive: true, url },
      {
        enableWorker: false,
        enableStashBuffer: false,
        lazyLoad: false,
        liveBufferLatencyChasing: true,
        liveBufferLatencyMaxLatency: 2.5,
        liveBufferLatencyMinRemain: 0.8,
        autoCleanupSourceBuffer: true,
      },
    )
    this.#engine = engine
    engine.on(mpegts.Events.ERROR, (type, detail) => {
      const { MEDIA_MSE_ERROR, MEDIA_FORMAT_ERROR } = mpegts.ErrorDetails
      if (type === mpegts.ErrorTypes.NETWORK_ERROR || detail === MEDIA_MSE_ERROR) this.#again()
      // A packet that it passes over, such as the metadata of Enhanced RTMP, is no end.
      else if (detail !== MEDIA_FORMAT_ERROR) this.#doubt ??= setTimeout(() => this.#decide(), DOUBT_MS)
    })
    engine.on(mpegts.Events.LOADING_COMPLETE, () => this.#again())
    engine.attachMediaElement(this.#video)
    engine.load()
  }

  #startHls(url) {
    if (!Hls.isSupported()) {
      // Safari plays HLS by itself.
      this.#video.src = url
      return
    }
    const engine = new Hls({ liveSyncDurationCount: 2 })
    this.#engine = engine
    engine.on(Hls.Events.ERROR, (_, { fatal, details }) => {
      if (!fatal) return
      const { MANIFEST_INCOMPATIBLE_CODECS_ERROR, BUFFER_ADD_CODEC_ERROR } = Hls.ErrorDetails
      if (details === MANIFEST_INCOMPATIBLE_CODECS_ERROR || details === BUFFER_ADD_CODEC_ERROR) this.#giveUp()
      else this.#again()
    })
    engine.loadSource(url)
    engine.attachMedia(this.#video)
  }

  /** The stream has ended or the connection broke: asks again until the viewer stops or it is back. */
  #again() {
    if (this.#path === undefined) return
    this.#say('waiting for the stream')
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => {
      this.#unload()
      this.#start()
    }, RETRY_MS)
  }

  /** Some packets could not be read: all of them, if nothing has come until now. */
  #decide() {
    if (this.#video.readyState === HAVE_NOTHING) this.#giveUp()
  }

  /** Asking again would bring the same. */
  #giveUp() {
    clearTimeout(this.#retry)
    this.#unload()
    this.#say('this browser cannot play the stream')
  }

  #unload() {
    clearTimeout(this.#doubt)
    this.#doubt = undefined
    const engine = this.#engine
    this.#engine = undefined
    engine?.destroy()
    this.#video.removeAttribute('src')
    this.#video.load()
  }
}
