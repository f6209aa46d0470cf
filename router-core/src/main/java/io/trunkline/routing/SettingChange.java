// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

/** Whether functions change parameters of the session inside, where a statement does not show it. */
public enum SettingChange {
    /** They do not, as far as their bodies tell. */
    NONE,
    /** They run statements that are text, or nothing is known of them. */
    POSSIBLE,
    /** Their bodies say so. */
    LIKELY
}
