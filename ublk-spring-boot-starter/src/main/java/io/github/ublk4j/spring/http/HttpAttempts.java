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
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;

import io.github.ublk4j.block.BlockErrno;
import reactor.core.publisher.Mono;
import reactor.util.retry.Retry;

import org.springframework.http.HttpHeaders;
import org.springframework.web.reactive.function.client.ClientResponse;
import org.springframework.web.reactive.function.client.WebClient;

/**
 * Asks a web server for an image several times, with pauses, as long as that may help.
 */
final class HttpAttempts {

	private final WebClient client;

	private final ImageAddress address;

	private final Duration timeout;

	private final Retry retry;

	HttpAttempts(WebClient client, ImageAddress address, Duration timeout, int retries, Duration firstPause) {
		this.client = client;
		this.address = address;
		this.timeout = timeout;
		this.retry = Retry.backoff(retries, firstPause)
			.filter((failure) -> failure instanceof HttpFailure known && known.mayPass())
			.onRetryExhaustedThrow((spec, last) -> last.failure());
	}

	<T> Mono<T> get(Consumer<HttpHeaders> request, Function<ClientResponse, Mono<T>> answer) {
		return this.client.get()
			.uri(this.address.uri())
			.headers(this::prepare)
			.headers(request)
			.exchangeToMono(answer)
			.timeout(this.timeout)
			.onErrorMap(this::explain)
			.retryWhen(this.retry);
	}

	private void prepare(HttpHeaders headers) {
		String authorization = this.address.authorization();
		if (authorization != null) {
			headers.set(HttpHeaders.AUTHORIZATION, authorization);
		}
		// a range of an encoded image is not one of the image
		headers.set(HttpHeaders.ACCEPT_ENCODING, "identity");
	}

	private Throwable explain(Throwable failure) {
		if (failure instanceof TimeoutException) {
			return HttpFailure.passing(BlockErrno.ETIMEDOUT,
					"its server has not answered within " + this.timeout.toMillis() + " ms", failure);
		}
		// connections fail in many ways, some of them with exceptions of the client's
		// library
		return (failure instanceof Exception && !(failure instanceof HttpFailure)) ? HttpFailure.passing(BlockErrno.EIO,
				"the connection failed: "
						+ ((failure.getMessage() != null) ? failure.getMessage() : failure.getClass().getSimpleName()),
				failure) : failure;
	}

	@Override
	public String toString() {
		return this.address.toString();
	}

}
