// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.admin;

/**
 * One answer of the endpoint.
 *
 * @param status HTTP status code
 * @param contentType value of the header Content-Type
 * @param body text, sent as UTF-8
 */
public record AdminPage(int status, String contentType, String body) {
    private static final String PLAIN = "text/plain; charset=utf-8";

    /** Returns a page of plain text with status 200. */
    public static AdminPage text(String body) {
        return new AdminPage(200, PLAIN, body);
    }

    /** Returns a page of plain text that says what is wrong. */
    public static AdminPage problem(int status, String body) {
        return new AdminPage(status, PLAIN, body);
    }

    /** Returns a JSON page with status 200. */
    public static AdminPage json(String body) {
        return new AdminPage(200, "application/json", body);
    }
}
