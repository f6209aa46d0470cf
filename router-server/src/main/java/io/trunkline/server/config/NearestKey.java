// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

import java.util.Comparator;
import java.util.List;

/** Finds the key somebody probably meant. */
final class NearestKey {
    private NearestKey() {}

    /** Returns what to expect in place of an unknown key: the nearest known one when it is near, else all of them. */
    static String expectation(String unknown, List<String> known) {
        return known.stream()
                .min(Comparator.comparingInt(key -> distance(unknown, key)))
                .filter(key -> distance(unknown, key) <= Math.max(2, unknown.length() / 3))
                .orElseGet(() -> known.isEmpty() ? "no key" : "one of " + String.join(", ", known));
    }

    /** Levenshtein's distance. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
