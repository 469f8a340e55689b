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

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpMethod;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.HttpServerResponse;

/**
 * A web server with one image, in this process, that can be told to misbehave.
 */
public final class ImageServer implements AutoCloseable {

	private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d+)");

	private final DisposableServer server;

	private final List<String> requests = new CopyOnWriteArrayList<>();

	private final Queue<BiFunction<HttpServerRequest, HttpServerResponse, Publisher<Void>>> faults = new ConcurrentLinkedQueue<>();

	private volatile byte[] content;

	private volatile @Nullable String tag = "\"v1\"";

	private volatile @Nullable String modified = "Wed, 25 Nov 2026 10:00:00 GMT";

	private volatile boolean ranges = true;

	private volatile boolean conditions = true;

	private volatile @Nullable String authorization;

	/**
	 * Starts a server on a free port.
	 */
	public ImageServer(byte[] content) {
		this.content = content;
		this.server = HttpServer.create()
			.host("127.0.0.1")
			.port(0)
			.handle(this::handle)
			.bindNow(Duration.ofSeconds(20));
	}

	/**
	 * Returns where it listens, on 127.0.0.1.
	 */
	public int port() {
		return this.server.port();
	}

	/**
	 * Returns the address of the image.
	 */
	public String address() {
		return "http://127.0.0.1:" + port() + "/disk.img";
	}

	/**
	 * Returns method, range and condition of each request.
	 */
	public List<String> requests() {
		return this.requests;
	}

	void replace(byte[] content, @Nullable String tag, @Nullable String modified) {
		this.content = content;
		this.tag = tag;
		this.modified = modified;
	}

	void giveNoRanges() {
		this.ranges = false;
	}

	void ignoreConditions() {
		this.conditions = false;
	}

	void require(String authorization) {
		this.authorization = authorization;
	}

	/** Answers the next request in another way. */
	void next(BiFunction<HttpServerRequest, HttpServerResponse, Publisher<Void>> fault) {
		this.faults.add(fault);
	}

	/**
	 * Answers the next request with a status.
	 */
	public void next(int status) {
		next((request, response) -> response.status(status).send());
	}

	private Publisher<Void> handle(HttpServerRequest request, HttpServerResponse response) {
		String condition = request.requestHeaders().get("If-Match", request.requestHeaders().get("If-Range", "-"));
		this.requests.add(request.method() + " " + request.requestHeaders().get("Range", "-") + " " + condition);
		var fault = this.faults.poll();
		if (fault != null) {
			return fault.apply(request, response);
		}
		if (this.authorization != null && !this.authorization.equals(request.requestHeaders().get("Authorization"))) {
			return response.status(401).send();
		}
		if (this.tag != null) {
			response.header("ETag", this.tag);
		}
		if (this.modified != null) {
			response.header("Last-Modified", this.modified);
		}
		if (!request.method().equals(HttpMethod.GET)) {
			return response.status(405).send();
		}
		return range(request, response);
	}

	private Publisher<Void> range(HttpServerRequest request, HttpServerResponse response) {
		String match = request.requestHeaders().get("If-Match");
		if (this.conditions && match != null && !match.equals(this.tag)) {
			return response.status(412).send();
		}
		String unless = request.requestHeaders().get("If-Range");
		Matcher range = RANGE.matcher(request.requestHeaders().get("Range", ""));
		boolean whole = this.conditions && unless != null && !unless.equals(this.tag) && !unless.equals(this.modified);
		byte[] all = this.content;
		if (!this.ranges || whole || !range.matches()) {
			return send(response.status(200), all);
		}
		int first = Integer.parseInt(range.group(1));
		int last = Integer.parseInt(range.group(2));
		if (last >= all.length) {
			return response.status(416).send();
		}
		return send(response.status(206).header("Content-Range", "bytes " + first + "-" + last + "/" + all.length),
				Arrays.copyOfRange(all, first, last + 1));
	}

	private static Publisher<Void> send(HttpServerResponse response, byte[] data) {
		return response.header("Content-Length", String.valueOf(data.length))
			.send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(data)));
	}

	@Override
	public void close() {
		this.server.disposeNow(Duration.ofSeconds(20));
	}

}
