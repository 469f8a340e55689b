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

import java.nio.ByteBuffer;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import io.github.ublk4j.block.BlockErrno;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.web.reactive.function.BodyExtractors;
import org.springframework.web.reactive.function.client.ClientResponse;

/**
 * One version of an image, read by range requests. An answer that is not exactly the
 * range of this version is a failure.
 */
final class HttpImage {

	private static final Pattern FIRST_BYTE = Pattern.compile("bytes 0-0/(\\d{1,18})");

	private final HttpAttempts attempts;

	private final long size;

	private final ImageVersion version;

	private HttpImage(HttpAttempts attempts, long size, ImageVersion version) {
		this.attempts = attempts;
		this.size = size;
		this.version = version;
	}

	/**
	 * Looks at an image by reading its first byte: what a HEAD says need not be true of
	 * ranges, and an address may be signed for GET alone.
	 */
	static Mono<HttpImage> find(HttpAttempts attempts) {
		return attempts.get((request) -> request.set(HttpHeaders.RANGE, "bytes=0-0"),
				(answer) -> refused(answer, Mono.fromCallable(() -> found(attempts, answer))
					.flatMap((image) -> body(answer, 1).thenReturn(image))));
	}

	private static HttpImage found(HttpAttempts attempts, ClientResponse answer) throws HttpFailure {
		requireRange(answer);
		HttpHeaders headers = answer.headers().asHttpHeaders();
		String given = String.valueOf(headers.getFirst(HttpHeaders.CONTENT_RANGE));
		Matcher range = FIRST_BYTE.matcher(given);
		if (!range.matches()) {
			throw HttpFailure.lasting("its server does not say how large it is: it answers with the range " + given
					+ " instead of bytes 0-0/<size>");
		}
		ImageVersion version = ImageVersion.of(headers);
		if (version == null) {
			throw HttpFailure
				.lasting("its server sends neither a strong ETag nor Last-Modified, so a change would not be seen");
		}
		return new HttpImage(attempts, Long.parseLong(range.group(1)), version);
	}

	private static void requireRange(ClientResponse answer) throws HttpFailure {
		if (!answer.statusCode().isSameCodeAs(HttpStatus.PARTIAL_CONTENT)) {
			throw HttpFailure.lasting("its server gives no ranges: it answers " + answer.statusCode().value()
					+ " with the whole image, not 206");
		}
		List<String> encoding = answer.headers().header(HttpHeaders.CONTENT_ENCODING);
		if (!encoding.isEmpty() && !encoding.get(0).equals("identity")) {
			throw HttpFailure.lasting("its server encodes ranges (Content-Encoding)");
		}
	}

	long size() {
		return this.size;
	}

	/**
	 * Reads a range.
	 * @param offset where to begin, in bytes
	 * @param length bytes, more than 0
	 * @return exactly so many bytes
	 */
	Mono<ByteBuffer> read(long offset, int length) {
		long last = offset + length - 1;
		return this.attempts.get((request) -> {
			request.set(HttpHeaders.RANGE, "bytes=" + offset + "-" + last);
			this.version.require(request);
		}, (answer) -> refused(answer, Mono.fromCallable(() -> {
			requireRange(answer, offset, length);
			return answer;
		}).flatMap((range) -> body(range, length))));
	}

	/** Only what is asked of the answer is read of it. */
	private static <T> Mono<T> refused(ClientResponse answer, Mono<T> otherwise) {
		HttpStatusCode status = answer.statusCode();
		if (status.is2xxSuccessful()) {
			return otherwise.onErrorResume(HttpFailure.class, (failure) -> drop(answer, failure));
		}
		String message = "its server answers " + status.value();
		if (status.is3xxRedirection()) {
			return drop(answer, HttpFailure
				.lasting(message + ", a redirection that the client does not follow; use the address it leads to"));
		}
		if (status.isSameCodeAs(HttpStatus.PRECONDITION_FAILED)
				|| status.isSameCodeAs(HttpStatus.REQUESTED_RANGE_NOT_SATISFIABLE)) {
			return drop(answer, HttpFailure.changed(message));
		}
		boolean passing = status.is5xxServerError() || status.isSameCodeAs(HttpStatus.TOO_MANY_REQUESTS)
				|| status.isSameCodeAs(HttpStatus.REQUEST_TIMEOUT);
		return drop(answer,
				passing ? HttpFailure.passing(BlockErrno.EIO, message, null) : HttpFailure.lasting(message));
	}

	private void requireRange(ClientResponse answer, long offset, int length) throws HttpFailure {
		HttpHeaders headers = answer.headers().asHttpHeaders();
		if (!this.version.isOf(headers)) {
			throw HttpFailure.changed(
					"it was opened as " + this.version + ", and is now " + headers.getOrEmpty(this.version.header()));
		}
		requireRange(answer);
		String range = "bytes " + offset + "-" + (offset + length - 1) + "/";
		String given = String.valueOf(headers.getFirst(HttpHeaders.CONTENT_RANGE));
		if (!given.equals(range + this.size) && !given.equals(range + "*")) {
			throw HttpFailure
				.lasting("its server answers with the range " + given + " instead of " + range + this.size);
		}
	}

	private static Mono<ByteBuffer> body(ClientResponse answer, int length) {
		return DataBufferUtils.join(content(answer), length)
			.map(HttpImage::copy)
			.defaultIfEmpty(ByteBuffer.allocate(0))
			.onErrorMap(DataBufferLimitException.class,
					(failure) -> HttpFailure.lasting("its server answers with more than " + length + " bytes"))
			.flatMap((data) -> (data.remaining() == length) ? Mono.just(data)
					: Mono.error(HttpFailure.passing(BlockErrno.EIO,
							"its server answers with " + data.remaining() + " bytes instead of " + length, null)));
	}

	/** Buffers of the client must not outlive an attempt, which may be given up. */
	private static ByteBuffer copy(DataBuffer joined) {
		ByteBuffer data = ByteBuffer.allocate(joined.readableByteCount());
		joined.toByteBuffer(data);
		DataBufferUtils.release(joined);
		return data;
	}

	/**
	 * Not the way of the client, which reads a refused answer to its end, however large.
	 */
	private static <T> Mono<T> drop(ClientResponse answer, HttpFailure failure) {
		return content(answer).doOnNext(DataBufferUtils::release).take(1).onErrorComplete().then(Mono.error(failure));
	}

	private static Flux<DataBuffer> content(ClientResponse answer) {
		return answer.body(BodyExtractors.toDataBuffers());
	}

}
