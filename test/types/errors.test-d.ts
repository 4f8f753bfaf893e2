// Compiled, never run: by `npm run types` against the sources, by `npm run package:check` against the built declarations.
import { DecodeError, type ErrorCode, type LimitError, MediaError, type ProtocolError } from 'millrace'
import type { DecodeError as DecodeErrorOfFolder } from 'millrace/errors'
import { expectTypeOf } from 'vitest'

expectTypeOf<DecodeError>().toEqualTypeOf<DecodeErrorOfFolder>()
expectTypeOf(new DecodeError('ERR_BYTES_END', 'text')).toExtend<MediaError>()
expectTypeOf<LimitError>().toExtend<MediaError>()
expectTypeOf<ProtocolError>().toExtend<MediaError>()
expectTypeOf(new MediaError('ERR_BYTES_END', 'text').code).toEqualTypeOf<ErrorCode>()

// The union is closed: a misspelt code does not compile.
expectTypeOf<'ERR_NO_SUCH_CODE'>().not.toExtend<ErrorCode>()
