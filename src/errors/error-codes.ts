/**
 * Every code that an error of this package carries, with what it says. The codes are stable: applications may
 * switch on them. `docs/reference/errors.md` lists the same table and a test holds the two together.
 *
 * @module
 */

/** Code → meaning. Grouped by the folder that raises it. */
export const ERROR_CODES = {
  // bytes
  ERR_BYTES_END: 'a bit or byte field reaches past the end of its buffer',
  // amf0
  ERR_AMF_COUNT: 'an AMF body holds more values than allowed',
  ERR_AMF_DEPTH: 'AMF values are nested deeper than allowed',
  ERR_AMF_END: 'an AMF value reaches past the end of its buffer',
  ERR_AMF_EXTERNALIZABLE: 'an AMF3 object has a format that only its own class can read',
  ERR_AMF_KEY: 'AMF0 cannot carry an AMF name or dictionary key',
  ERR_AMF_MARKER: 'an AMF type marker is unknown or reserved',
  ERR_AMF_REFERENCE: 'an AMF reference points at no earlier value',
  ERR_AMF_REPEATED: 'AMF3 references repeat more bytes than allowed',
  // handshake
  ERR_HANDSHAKE_ENCRYPTED: 'the peer asks for RTMPE, which is not offered',
  ERR_HANDSHAKE_PROXY_PREFIX: 'a proxy prefix is longer than allowed',
  ERR_HANDSHAKE_VERSION: 'the first byte is not an RTMP version',
  // chunk
  ERR_CHUNK_NO_PREVIOUS_HEADER:
    'a fmt 3 chunk is the first on its chunk stream, so there is no header to reuse',
  ERR_CHUNK_INTERRUPTED:
    'a chunk header opens another message before the one on its chunk stream is complete',
  ERR_CHUNK_SIZE: 'Set Chunk Size asks for chunks of 0 bytes',
  ERR_CHUNK_STREAM_COUNT: 'a peer opens more chunk streams than maxChunkStreams',
  ERR_CHUNK_ASSEMBLING_BYTES: 'unfinished messages hold more memory than maxAssemblingBytes',
  ERR_CHUNK_QUEUE: 'more decoded messages wait to be read than maxQueuedMessages',
  ERR_MESSAGE_TOO_LARGE: 'an RTMP message is longer than maxMessageBytes',
  // media
  ERR_CONFIGURATION_TRACKS: 'more tracks of one kind send configuration than maxTracks',
  ERR_CONFIGURATION_BYTES: 'the configuration to be kept is larger than maxBytes',
  // codec
  ERR_AAC_CONFIGURATION: 'an AudioSpecificConfig has a reserved object type or frequency',
  ERR_ADTS_FIELD: 'an AAC configuration or frame does not fit the fields of an ADTS header',
  ERR_ADTS_HEADER: 'an ADTS header has no sync word or impossible fields',
  ERR_AVC_CONFIGURATION: 'an avcC record has an unknown version or NAL unit lengths of 3 bytes',
  ERR_AVC_SPS: 'an H.264 sequence parameter set has fields beyond the standard',
  ERR_HEVC_CONFIGURATION: 'an hvcC record has an unknown version or NAL unit lengths of 3 bytes',
  ERR_HEVC_SPS: 'an H.265 sequence parameter set has fields beyond the standard',
  ERR_NAL_COUNT: 'an access unit or hvcC record holds more NAL units than maxNalUnits',
  ERR_NAL_LENGTH: 'the length before a NAL unit reaches past the end of its access unit',
  ERR_AC3_HEADER: 'an AC-3 header has no sync word or reserved values',
  ERR_AV1_CONFIGURATION: 'an av1C record lacks its marker or has an unknown version',
  ERR_AV1_OBU: 'an AV1 open bitstream unit reaches past the end of its bytes',
  ERR_FLAC_STREAM_INFO: 'a FLAC header does not start with a usable STREAMINFO block',
  ERR_MPEG_AUDIO_HEADER: 'an MPEG audio header has no sync bits or reserved values',
  ERR_OPUS_HEAD: 'an OpusHead lacks its magic, its channels or has an unknown version',
  ERR_VP_CONFIGURATION: 'a vpcC record has an unknown profile or bit depth',
  ERR_VVC_CONFIGURATION: 'a vvcC record lacks its reserved bits or has NAL unit lengths of 3 bytes',
  // mpegts
  ERR_TS_PES_SIZE: 'a PES packet is longer than maxPesBytes',
  ERR_TS_SECTION: 'a PAT or PMT section has a wrong length, syntax or CRC',
  ERR_TS_STREAM_COUNT: 'a program has more streams than maxStreams',
  ERR_TS_SYNC: 'no TS packets are found in maxUnsyncedBytes',
  // mp4
  ERR_MP4_BOX: 'an MP4 box reaches past the end of its parent, lacks a part or has impossible fields',
  ERR_MP4_BOX_BYTES: 'a moov or moof box is larger than maxBoxBytes',
  ERR_MP4_FRAGMENT_BYTES: 'more bytes than maxFragmentBytes wait for an MP4 fragment to be cut',
  ERR_MP4_FRAGMENT_SAMPLES: 'more samples than maxFragmentSamples wait for an MP4 fragment to be cut',
  ERR_MP4_INDEX_BYTES: 'the index of an MP4 file takes more memory than maxIndexBytes',
  ERR_MP4_MOVIE: 'a file has no tracks, or is not a fragmented MP4',
  ERR_MP4_TRACKS: 'an MP4 file has more tracks than maxTracks',
  // sdp
  ERR_SDP: 'a text is not a session description',
  ERR_SDP_SIZE: 'a session description is longer than maxSdpLength or has more sections than maxMedia',
  // rtp
  ERR_RTCP_PACKET: 'an RTCP packet has another version or reaches past its end',
  ERR_RTP_PACKET: 'an RTP packet has another version or reaches past its end',
  ERR_RTP_PAYLOAD: 'a payload format cannot carry a frame or configuration',
  // hls
  ERR_HLS_PLAYLIST: 'a text is not an HLS playlist',
  ERR_HLS_PLAYLIST_ENTRIES: 'a playlist lists more than maxPlaylistEntries',
  // hub
  ERR_AUTHORIZE_TIMEOUT: 'the admission decision took longer than authorizeTimeoutMs',
  ERR_RESOLVE_TIMEOUT: 'resolveSource took longer than resolveTimeoutMs',
  ERR_STREAM_BUSY: 'the stream already has a publisher',
  ERR_TOO_MANY_SOURCES: 'the hub holds maxSources streams',
  // rtmp
  ERR_RTMP_AGGREGATE: 'a part of an aggregate message reaches past its end',
  ERR_RTMP_AGGREGATE_PARTS: 'an aggregate message holds more parts than allowed',
  ERR_RTMP_COMMAND_BYTES: 'a command message is longer than maxCommandBytes',
  ERR_RTMP_COMMAND_NAME: 'a command message does not begin with its name',
  ERR_RTMP_COMMAND_TIMEOUT: 'the peer took no next step within the allowed time',
  ERR_RTMP_HANDSHAKE_TIMEOUT: 'the handshake took longer than handshakeTimeoutMs',
  ERR_RTMP_MEDIA_TIMEOUT: 'no media arrived for longer than allowed',
  ERR_RTMP_MESSAGE_SHORT: 'a control message is shorter than its fields',
  ERR_RTMP_NOT_CONNECTED: 'a command came before connect',
  ERR_RTMP_OUTPUT: 'the output that waits to be taken exceeds maxOutputBytes',
  ERR_RTMP_PENDING_BYTES: 'more bytes than maxPendingBytes arrived while a decision was pending',
  ERR_RTMP_PING_TIMEOUT: 'a peer that answers pings has stopped doing so',
  // node
  ERR_RTMP_CONNECT_TIMEOUT: 'the server did not take or send media within connectTimeoutMs',
  ERR_RTMP_CALL_FAILED: 'the server answered a call with an error',
  ERR_RTMP_ENDED: 'the server ended the connection before it took or sent media or answered a call',
  ERR_RTMP_REDIRECTED: 'the server sent a redirect that the client may not or cannot follow',
  ERR_RTMP_REJECTED: 'the server refused the play or publish',
  ERR_RTMP_STALLED: 'a peer took no bytes for stallTimeoutMs while some waited for it',
  ERR_HTTP_ENDED: 'an HTTP server ended its response before a stream began',
  ERR_HTTP_STATUS: 'an HTTP server answered with a status or redirect that leads to no stream',
  ERR_HTTP_TIMEOUT: 'an HTTP server began or sent nothing within the time allowed',
  ERR_PROXY_HEADER: 'the connection does not start with a complete PROXY protocol header',
  // services
  ERR_FORWARD_CODEC: 'the target of a forward declares that it does not accept the codec of the stream',
  ERR_FORWARD_ENDED: 'the other side ended a stream that is forwarded or pulled',
  ERR_FORWARD_LOOP: 'a stream is pulled from itself',
  ERR_FORWARD_TARGETS: 'a stream has more targets than maxTargets',
  ERR_CALLBACK_ANSWER: 'a backend answered a callback with neither 0 nor a JSON object with a code',
  ERR_CALLBACK_REFUSED: 'a backend refused to name the targets of a stream',
  ERR_CALLBACK_QUEUE: 'more decisions than maxWaitingDecisions wait for a backend',
  ERR_CALLBACK_RESPONSE_BYTES: 'the answer of a backend is longer than maxResponseBytes',
  ERR_SNAPSHOT_BYTES: 'the picture of a stream is larger than maxSnapshotBytes',
  ERR_SNAPSHOT_FAILED: 'ffmpeg could not make a picture of a keyframe',
  ERR_SNAPSHOT_QUEUE: 'more pictures than maxWaiting wait for their turn',
  ERR_SNAPSHOT_TIMEOUT: 'a picture takes longer than snapshotTimeoutMs',
  ERR_CALLBACK_STATUS: 'a backend answered a callback with an unexpected status',
  ERR_CALLBACK_TIMEOUT: 'a backend did not answer a callback in time',
  ERR_RECORDING_CODEC: 'nothing in a stream can be written in the format of its recording',
  ERR_RECORDING_FILES: 'the recording of a publisher takes more files than maxFilesPerMinute',
  ERR_RECORDING_TIMEOUT: 'the store of a recording took longer than storeTimeoutMs',
  // flv
  ERR_FLV_NO_TAG: 'the bytes hold neither an FLV header nor an FLV tag',
  ERR_FLV_SKIPPED: 'more bytes than allowed pass without an FLV tag among them',
  // websocket
  ERR_WEBSOCKET_FRAME: 'a WebSocket frame breaks the protocol',
  ERR_WEBSOCKET_TEXT: 'a WebSocket text is not UTF-8',
  ERR_WEBSOCKET_CLOSE: 'a WebSocket close has a code that may not be sent',
  ERR_WEBSOCKET_MESSAGE_BYTES: 'a WebSocket message is larger than maxMessageBytes',
  // srt
  ERR_SRT_HANDSHAKE: 'an SRT handshake is cut off, or an extension of it is malformed or comes twice',
  ERR_SRT_KEY_MATERIAL: 'an SRT key material message contradicts itself',
  ERR_SRT_LOSS_LIST: 'a list of lost SRT packets is empty, cut off or runs backwards',
  ERR_SRT_PACKET: 'an SRT packet is shorter than its fields or has impossible ones',
  ERR_SRT_CONNECT_TIMEOUT: 'an SRT listener did not accept within connectTimeoutMs',
  ERR_SRT_DATA_TIMEOUT: 'an SRT peer sent no data for dataTimeoutMs',
  ERR_SRT_ENCRYPTION: 'an SRT listener accepts a connection and not its key',
  ERR_SRT_IDLE_TIMEOUT: 'an SRT peer sent nothing for idleTimeoutMs',
  ERR_SRT_PEER: 'an SRT listener answers what no connection can be made of',
  ERR_SRT_REJECTED: 'an SRT listener rejects a connection',
  ERR_SRT_SEQUENCE: 'an SRT peer acknowledges what was not sent, or skips more than its window',
} as const

/** The closed union of all error codes. */
export type ErrorCode = keyof typeof ERROR_CODES
