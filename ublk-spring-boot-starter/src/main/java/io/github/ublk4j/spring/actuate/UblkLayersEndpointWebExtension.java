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

import java.util.Map;

import io.github.ublk4j.spring.actuate.UblkLayersEndpoint.LayerDescriptor;

import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.boot.actuate.endpoint.web.annotation.EndpointWebExtension;

/**
 * {@link EndpointWebExtension @EndpointWebExtension} for the {@link UblkLayersEndpoint}:
 * a layer that is unknown is not found, and a value that is not allowed is a bad request.
 */
@EndpointWebExtension(endpoint = UblkLayersEndpoint.class)
public class UblkLayersEndpointWebExtension {

	private final UblkLayersEndpoint endpoint;

	/**
	 * Creates an extension.
	 * @param endpoint the endpoint
	 */
	public UblkLayersEndpointWebExtension(UblkLayersEndpoint endpoint) {
		this.endpoint = endpoint;
	}

	/**
	 * Changes an option of a layer.
	 * @param device the name of the disk
	 * @param layer the name of the layer
	 * @param option the option
	 * @param value the value
	 * @return the layer afterwards, status 404, or status 400 with a message
	 */
	@WriteOperation
	public WebEndpointResponse<Object> change(@Selector String device, @Selector String layer, @Selector String option,
			String value) {
		try {
			LayerDescriptor changed = this.endpoint.change(device, layer, option, value);
			return (changed != null) ? new WebEndpointResponse<>(changed)
					: new WebEndpointResponse<>(WebEndpointResponse.STATUS_NOT_FOUND);
		}
		catch (IllegalArgumentException ex) {
			return new WebEndpointResponse<>(Map.of("message", String.valueOf(ex.getMessage())),
					WebEndpointResponse.STATUS_BAD_REQUEST);
		}
	}

}
