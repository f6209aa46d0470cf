// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

/**
 * Why a statement cannot be run on a sharded cluster, in the words the client will read.
 *
 * @param code the stable code
 * @param message primary message, lower case
 * @param detail what exactly was in the way, a sentence that names the code
 * @param hint what to write instead, a sentence
 */
public record Refusal(RefusalCode code, String message, String detail, String hint) {}
