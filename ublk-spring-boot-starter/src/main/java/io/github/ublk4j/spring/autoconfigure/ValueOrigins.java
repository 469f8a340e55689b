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

package io.github.ublk4j.spring.autoconfigure;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.spring.BlockDevice;
import io.github.ublk4j.spring.ValueOrigin;

import org.springframework.core.annotation.AnnotationUtils;

/**
 * Where the values of one disk come from.
 */
final class ValueOrigins {

	private static final Map<String, Function<DiskSpec, Object>> VALUES = values();

	private final Map<String, ValueOrigin> origins = new LinkedHashMap<>();

	ValueOrigins() {
		this.origins.put("onShutdown", ValueOrigin.DEFAULT);
		VALUES.keySet().forEach((attribute) -> this.origins.put(attribute, ValueOrigin.DEFAULT));
	}

	private static Map<String, Function<DiskSpec, Object>> values() {
		Map<String, Function<DiskSpec, Object>> values = new LinkedHashMap<>();
		values.put("size", DiskSpec::size);
		values.put("queues", DiskSpec::queues);
		values.put("queueDepth", DiskSpec::queueDepth);
		values.put("maxIoSize", DiskSpec::maxIoSize);
		values.put("logicalBlockSize", DiskSpec::logicalBlockSize);
		values.put("physicalBlockSize", DiskSpec::physicalBlockSize);
		values.put("ioMin", DiskSpec::ioMin);
		values.put("ioOpt", DiskSpec::ioOpt);
		values.put("readOnly", DiskSpec::readOnly);
		values.put("rotational", DiskSpec::rotational);
		values.put("partitionScan", DiskSpec::partitionScan);
		values.put("dataMode", DiskSpec::dataMode);
		values.put("recovery", DiskSpec::recovery);
		values.put("requestTimeout", DiskSpec::requestTimeout);
		return values;
	}

	void property(String attribute) {
		this.origins.put(attribute, ValueOrigin.PROPERTY);
	}

	/**
	 * Takes a value of the annotation, which has one for every attribute.
	 */
	void annotation(String attribute, Object value) {
		if (!value.equals(AnnotationUtils.getDefaultValue(BlockDevice.class, attribute))) {
			this.origins.put(attribute, ValueOrigin.ANNOTATION);
		}
	}

	void customizer(String attribute) {
		this.origins.put(attribute, ValueOrigin.CUSTOMIZER);
	}

	/**
	 * Compares what was declared with what customizers made of it.
	 */
	void customizers(DiskSpec declared, DiskSpec customized) {
		VALUES.forEach((attribute, value) -> {
			if (!value.apply(declared).equals(value.apply(customized))) {
				customizer(attribute);
			}
		});
	}

	ValueOrigin of(String attribute) {
		return this.origins.getOrDefault(attribute, ValueOrigin.DEFAULT);
	}

	Map<String, ValueOrigin> asMap() {
		return Collections.unmodifiableMap(this.origins);
	}

}
