// Compiled, never run: by `npm run types` against the sources, by `npm run package:check` against the built declarations.
import { DecodeError, type ErrorCode, LimitError, MediaError, ProtocolError } from 'millrace'
import * as errors from 'millrace/errors'
import { expectTypeOf } from 'vitest'

expectTypeOf(DecodeError).toEqualTypeOf<typeof errors.DecodeError>()
expectTypeOf<DecodeError>().toExtend<MediaError>()
expectTypeOf<LimitError>().toExtend<MediaError>()
expectTypeOf<ProtocolError>().toExtend<MediaError>()
expectTypeOf<MediaError['code']>().toEqualTypeOf<ErrorCode>()

// The union is closed: a misspelt code does not compile.
expectTypeOf<'ERR_NO_SUCH_CODE'>().not.toExtend<ErrorCode>()
expectTypeOf(new MediaError('ERR_BYTES_END', 'text').code).toEqualTypeOf<ErrorCode>()
