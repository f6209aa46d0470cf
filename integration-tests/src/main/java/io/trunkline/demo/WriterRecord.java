// SPDX-License-Identifier: Apache-2.0
package io.trunkline.demo;

import io.trunkline.demo.FailoverWriter.Acknowledged;
import io.trunkline.demo.FailoverWriter.Failed;
import java.util.List;

/**
 * What one writing client has seen from its first to its last transaction.
 *
 * @param connectionsLost how often it had to connect again
 */
record WriterRecord(List<Acknowledged> acknowledged, List<Failed> failed, int connectionsLost) {}
