import { expect, it } from 'vitest'
import { configSections } from '../support/config-keys.ts'
import { codeSpans, readText, tableRows } from '../support/project.ts'

/** What stands in a configuration file of SRS 7: at its top, in its sections, in a virtual host and in the sections of that. */
const DIRECTIVES = `
listen pid chunk_size ff_log_dir srs_log_tank srs_log_level srs_log_level_v2 srs_log_file max_connections daemon heartbeat
tencentcloud_apm tencentcloud_cls http_api stats vhost pithy_print_ms http_server stream_caster rtc_server srt_server utc_time
work_dir asprocess server_id ff_log_level grace_final_wait force_grace_quit grace_start_wait empty_ip_ok disable_daemon_for_docker
inotify_auto_reload auto_reload_for_docker tcmalloc_release_rate query_latest_version first_wait_for_qlv threads circuit_breaker
is_full in_docker exporter
enabled network disk interval url device_id summaries ports caster output sip
crossdomain auth username password raw_api allow_reload https dir label tag
min_latency tcp_nodelay dvr ingest hls http_hooks refer forward transcode bandcheck play publish cluster security http_remux dash
http_static hds exec in_ack_size out_ack_size rtc srt
gop_cache gop_cache_max_frames queue_length time_jitter mix_correct atc atc_auto mw_latency mw_msgs send_min_interval
reduce_sequence_header mr mr_latency firstpkt_timeout normal_timeout parse_sps try_annexb_first kickoff_for_idle
hls_fragment hls_td_ratio hls_aof_ratio hls_window hls_on_error hls_path hls_m3u8_file hls_ts_file hls_entry_prefix hls_acodec hls_vcodec
hls_cleanup hls_dispose hls_wait_keyframe hls_ts_floor hls_nb_notify hls_dts_directly hls_ctx hls_ts_ctx hls_keys hls_fragments_per_key
hls_key_file hls_key_file_path hls_key_url hls_storage hls_mount
mount fast_cache drop_if_not_match has_audio has_video guess_has_av
dvr_apply dvr_plan dvr_path dvr_duration dvr_wait_keyframe destination backend
mode origin token_traverse protocol follow_client origin_cluster coworkers
ffmpeg engine perfile iformat vfilter vcodec vbitrate vfps vwidth vheight vthreads vprofile vpreset vparams acodec abitrate asample_rate
achannels aparams oformat input key limit_kbps
on_connect on_close on_publish on_unpublish on_play on_stop on_dvr on_hls on_hls_notify
`
  .trim()
  .split(/\s+/)

/** Code spans of a page, its blocks left out. */
function spansOf(page: string): string[] {
  return codeSpans(readText(page).replaceAll(/```[\s\S]*?```/g, ''))
}

it('has each directive of SRS', () => {
  const named = new Set(spansOf('docs/guides/from-srs.md').flatMap((span) => span.split(/[^a-z0-9_]+/)))
  expect(DIRECTIVES.filter((directive) => !named.has(directive))).toEqual([])
})

it.each(['docs/guides/from-srs.md', 'docs/guides/from-node-media-server.md'])(
  '%s names keys that are there',
  (page) => {
    const sections = configSections()
    const names = new Set(sections.map(({ name }) => name))
    const keys = sections.flatMap(({ name, keys: own }) => own.map(({ path }) => `${name}.${path}`))
    const ours = tableRows(page).flatMap(({ cells }) => codeSpans(cells.at(-1) ?? ''))
    const wrong = ours
      .map((span) => /^[a-zA-Z]+(?:\[\])?(?:\.[a-zA-Z_]+(?:\[\])?)+(?![\w([])/.exec(span)?.[0] ?? '')
      .filter((path) => names.has(path.split('.')[0]!))
      .filter(
        (path) =>
          !keys.some((key) => key === path || key.startsWith(`${path}.`) || key.startsWith(`${path}[]`)),
      )
    expect(wrong).toEqual([])
  },
)
