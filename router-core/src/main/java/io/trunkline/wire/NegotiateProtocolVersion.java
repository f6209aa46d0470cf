// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/**
 * A server's answer to a startup packet it understands in part: {@code 'v' · int32 length · int32 version · int32 count · count × string option}.
 *
 * @param newest the newest version the server speaks that is not newer than the one asked for
 * @param unsupportedOptions the {@code _pq_.} options it does not know
 */
public record NegotiateProtocolVersion(ProtocolVersion newest, List<String> unsupportedOptions) {

    /** Keeps an immutable copy. */
    public NegotiateProtocolVersion {
        unsupportedOptions = List.copyOf(unsupportedOptions);
    }

    /**
     * Reads a whole message.
     *
     * @throws ProtocolViolation when it is malformed
     */
    public static NegotiateProtocolVersion read(ByteBuf buffer, int index, int available) {
        int limit = index + available;
        int position = index + Frame.HEADER_BYTES + 8;
        if (position > limit) {
            throw malformed();
        }
        int count = buffer.getInt(position - 4);
        List<String> options = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int end = CString.end(buffer, position, limit);
            if (end < 0) {
                throw malformed();
            }
            options.add(WireText.read(buffer, position, end));
            position = end + 1;
        }
        if (count < 0 || position != limit) {
            throw malformed();
        }
        return new NegotiateProtocolVersion(ProtocolVersion.ofCode(buffer.getInt(index + Frame.HEADER_BYTES)), options);
    }

    private static ProtocolViolation malformed() {
        return ProtocolViolation.fatal("invalid NegotiateProtocolVersion message");
    }
}
