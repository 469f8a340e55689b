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

package io.github.ublk4j.spring.actuate;

import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

import io.github.ublk4j.engine.UblkException;
import io.github.ublk4j.spring.actuate.UblkEndpoint.Action;
import io.github.ublk4j.store.StoreUnavailableException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;
import org.springframework.util.unit.DataSize;

/**
 * {@link EndpointWebExtension @EndpointWebExtension} for the {@link UblkEndpoint}: a
 * change that cannot be made is answered by what is wrong with it.
 */
@EndpointWebExtension(endpoint = UblkEndpoint.class)
public class UblkEndpointWebExtension {

	private static final int CONFLICT = 409;

	private final UblkEndpoint endpoint;

	/**
	 * Creates an extension.
	 * @param endpoint the endpoint
	 */
	public UblkEndpointWebExtension(UblkEndpoint endpoint) {
		this.endpoint = endpoint;
	}

	/**
	 * Changes a disk.
	 * @param device the name of the disk
	 * @param action the name of an {@link Action}, in any case
	 * @param size the new capacity, for {@link Action#RESIZE}
	 * @param force whether {@link Action#STOP} stops a disk that is in use, {@code true}
	 * or {@code false}
	 * @return the disk afterwards, status 400 for an action that does not exist or lacks
	 * something, 404 for an unknown disk, and 409 for one that is not served or where the
	 * action cannot be done
	 */
	@WriteOperation
	public Mono<WebEndpointResponse<OperationResponseBody>> change(@Selector String device, @Nullable String action,
			@Nullable String size, @Nullable String force) {
		Action known = Arrays.stream(Action.values())
			.filter((each) -> each.name().equalsIgnoreCase(action))
			.findFirst()
			.orElse(null);
		if (known == null) {
			return response(ActionsDescriptor.without(action), WebEndpointResponse.STATUS_BAD_REQUEST);
		}
		return this.endpoint.unserved(device)
			.map((disk) -> response(disk, CONFLICT))
			.orElseGet(() -> change(device, known, size, force));
	}

	private Mono<WebEndpointResponse<OperationResponseBody>> change(String device, Action action, @Nullable String size,
			@Nullable String force) {
		DataSize parsed;
		Boolean flag;
		try {
			parsed = parse(size);
			flag = flag(force);
		}
		catch (IllegalArgumentException ex) {
			return refusal(device, ex, WebEndpointResponse.STATUS_BAD_REQUEST);
		}
		return Mono.defer(() -> this.endpoint.change(device, action, parsed, flag))
			.map((disk) -> new WebEndpointResponse<OperationResponseBody>(disk))
			.defaultIfEmpty(new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND))
			.onErrorResume(UblkEndpointWebExtension::isRefusal, (ex) -> refusal(device, ex, status(action, ex)));
	}

	/**
	 * Returns whether somebody has thought of it, and says in the message what to do. The
	 * rest is a bug, or of code of the application, and has its place in the log.
	 */
	private static boolean isRefusal(Throwable failure) {
		return failure instanceof UblkException || failure instanceof IllegalStateException
				|| failure instanceof IllegalArgumentException || failure instanceof StoreUnavailableException
				|| failure instanceof UncheckedIOException;
	}

	/**
	 * Only for a new size there is an argument that can be wrong.
	 */
	private static int status(Action action, Throwable failure) {
		return (failure instanceof IllegalArgumentException && action == Action.RESIZE)
				? WebEndpointResponse.STATUS_BAD_REQUEST : CONFLICT;
	}

	private static @Nullable DataSize parse(@Nullable String size) {
		try {
			return (size != null) ? DataSize.parse(size) : null;
		}
		catch (IllegalArgumentException | ArithmeticException ex) {
			throw new IllegalArgumentException(
					"The size '" + size + "' is none: write a number with B, KB, MB, GB or TB, such as 20GB", ex);
		}
	}

	private static @Nullable Boolean flag(@Nullable String force) {
		if (force == null || force.equalsIgnoreCase("true") || force.equalsIgnoreCase("false")) {
			return (force != null) ? Boolean.valueOf(force) : null;
		}
		throw new IllegalArgumentException("'force' is '" + force + "': write true or false");
	}

	private static Mono<WebEndpointResponse<OperationResponseBody>> refusal(String device, Throwable cause,
			int status) {
		return response(new RefusalDescriptor(device, Credentials.hiddenIn(String.valueOf(cause.getMessage()))),
				status);
	}

	private static Mono<WebEndpointResponse<OperationResponseBody>> response(OperationResponseBody body, int status) {
		return Mono.just(new WebEndpointResponse<>(body, status));
	}

	/**
	 * Description of why something was not done.
	 *
	 * @param device the name of the disk
	 * @param error the reason, and what to do about it
	 */
	public record RefusalDescriptor(String device, String error) implements OperationResponseBody {

	}

	/**
	 * Description of what can be done to a disk, for those who asked for something else.
	 *
	 * @param error what is wrong
	 * @param actions the actions that there are
	 */
	public record ActionsDescriptor(String error, List<String> actions) implements OperationResponseBody {

		static ActionsDescriptor without(@Nullable String action) {
			List<String> actions = Arrays.stream(Action.values())
				.map((each) -> each.name().toLowerCase(Locale.ROOT))
				.toList();
			return new ActionsDescriptor((action != null) ? "There is no such action" : "The action is missing",
					actions);
		}

	}

}
