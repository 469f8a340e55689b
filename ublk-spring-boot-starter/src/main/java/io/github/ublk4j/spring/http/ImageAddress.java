/*
 * Copyright 2026 the ublk4j authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.ublk4j.spring.http;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

import org.jspecify.annotations.Nullable;

/**
 * Where an image is, with what proves the right to it kept apart.
 *
 * @param uri what is asked for, without a user
 * @param authorization the header that the user and password make, if there are any
 */
record ImageAddress(URI uri, @Nullable String authorization) {

	/**
	 * Takes an address apart. Messages do not show it: it may hold a password.
	 * @param written an absolute address, with or without {@code user:password@}
	 * @throws IllegalArgumentException if it is none of the web
	 */
	static ImageAddress parse(String written) {
		try {
			URI uri = new URI(written);
			if (("http".equals(uri.getScheme()) || "https".equals(uri.getScheme())) && uri.getHost() != null) {
				return of(uri);
			}
		}
		catch (URISyntaxException ex) {
			throw new IllegalArgumentException("the address is not valid at its character " + (ex.getIndex() + 1) + " ("
					+ ex.getReason() + "). Encode special characters, such as a space as %20.");
		}
		throw new IllegalArgumentException(
				"the address does not name a host of the web. Write it as in https://host/path/to/disk.img.");
	}

	private static ImageAddress of(URI uri) {
		String user = uri.getUserInfo();
		if (user == null) {
			return new ImageAddress(uri, null);
		}
		String authority = uri.getRawAuthority();
		StringBuilder bare = new StringBuilder(uri.getScheme()).append("://")
			.append(authority.substring(authority.lastIndexOf('@') + 1))
			.append(uri.getRawPath());
		if (uri.getRawQuery() != null) {
			bare.append('?').append(uri.getRawQuery());
		}
		return new ImageAddress(URI.create(bare.toString()),
				"Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8)));
	}

	/**
	 * Returns the address without what may be secret: user, password, query.
	 */
	@Override
	public String toString() {
		return this.uri.getScheme() + "://" + this.uri.getRawAuthority() + this.uri.getRawPath()
				+ ((this.uri.getRawQuery() != null) ? "?..." : "");
	}

}
