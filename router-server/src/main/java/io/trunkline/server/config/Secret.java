// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

/**
 * A text that must not appear in logs or error messages.
 *
 * @param reveal the text itself
 */
public record Secret(String reveal) {
    @Override
    public String toString() {
        return "***";
    }
}
