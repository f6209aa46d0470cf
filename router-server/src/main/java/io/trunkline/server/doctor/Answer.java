// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.doctor;

/** What came of asking a {@link Place}. */
sealed interface Answer {

    /** It answered. */
    record Facts(NodeFacts facts) implements Answer {}

    /**
     * It did not.
     *
     * @param why SQLSTATE and message
     */
    record Silence(String why) implements Answer {}
}
