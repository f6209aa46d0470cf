// SPDX-License-Identifier: Apache-2.0
package io.trunkline.frontend;

import io.netty.buffer.ByteBuf;
import io.trunkline.auth.LoginRefused;
import io.trunkline.error.RouterErrors;
import io.trunkline.wire.CString;
import java.nio.charset.StandardCharsets;

/**
 * The first SASL message of a client: {@code string mechanism · int32 length | -1 · bytes}.
 *
 * @param mechanism the mechanism it selected
 * @param data its first message; empty when it sent none, which SCRAM does not allow
 */
record SaslInitialResponse(String mechanism, byte[] data) {

    static SaslInitialResponse read(ByteBuf body) throws LoginRefused {
        int start = body.readerIndex();
        int end = CString.end(body, start, body.writerIndex());
        if (end < 0 || body.writerIndex() - end - 1 < Integer.BYTES) {
            throw new LoginRefused(RouterErrors.invalidMessageFormat());
        }
        String mechanism = body.toString(start, end - start, StandardCharsets.ISO_8859_1);
        int length = body.getInt(end + 1);
        body.readerIndex(end + 1 + Integer.BYTES);
        if (Math.max(length, 0) != body.readableBytes()) {
            throw new LoginRefused(RouterErrors.invalidMessageFormat());
        }
        byte[] data = new byte[body.readableBytes()];
        body.readBytes(data);
        return new SaslInitialResponse(mechanism, data);
    }
}
