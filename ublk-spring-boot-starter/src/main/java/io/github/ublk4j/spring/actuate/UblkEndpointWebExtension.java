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

import io.github.ublk4j.spring.actuate.UblkEndpoint.Action;
import reactor.core.publisher.Mono;

import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;

/**
 * {@link EndpointWebExtension @EndpointWebExtension} for the {@link UblkEndpoint}: the
 * change of a disk that is unknown is not found.
 */
@EndpointWebExtension(endpoint = UblkEndpoint.class)
public class UblkEndpointWebExtension {

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
	 * @param action what to do
	 * @return the disk afterwards, or status 404
	 */
	@WriteOperation
	public Mono<WebEndpointResponse<DeviceDescriptor>> change(@Selector String device, Action action) {
		return this.endpoint.change(device, action)
			.map(WebEndpointResponse::new)
			.defaultIfEmpty(new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND));
	}

}
