// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.handler.codec.DecoderException;
import java.io.IOException;
import org.slf4j.Logger;

/** Tells what peers do to their connections from what is wrong in here. */
final class PeerFailures {

    private PeerFailures() {}

    /** Logs a failure of a channel: a lost connection or a broken TLS record at DEBUG, anything else as an error of the router. */
    static void log(Logger log, String side, String who, Throwable cause) {
        // Netty wraps what a decoder throws, ours included.
        Throwable inner = cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause;
        if (inner instanceof IOException || inner instanceof DecoderException) {
            log.debug("connection of {} {} failed: {}", side, who, cause.toString());
        } else {
            log.error("handling {} {} failed", side, who, cause);
        }
    }
}
