// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

/** A section of the configuration whose keys depend on each other. */
interface Validated {

    /** Takes what is wrong with a section. */
    @FunctionalInterface
    interface Problems {
        /**
         * Adds a problem.
         *
         * @param key the key within the section
         * @param value what stands there, or {@code missing}
         * @param expectation what should stand there
         */
        void add(String key, String value, String expectation);
    }

    /** Reports contradictions between keys that are valid each by itself. */
    void validate(Problems problems);
}
