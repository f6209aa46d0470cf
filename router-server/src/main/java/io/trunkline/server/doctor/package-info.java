// SPDX-License-Identifier: Apache-2.0
/**
 * What is wrong with the nodes of a topology, before clients find out: asks each one and compares the answers.
 *
 * <p>{@link io.trunkline.server.doctor.Checks} is pure; {@link io.trunkline.server.doctor.Interview} speaks to a node the way the router does.
 */
@NullMarked
package io.trunkline.server.doctor;

import org.jspecify.annotations.NullMarked;
