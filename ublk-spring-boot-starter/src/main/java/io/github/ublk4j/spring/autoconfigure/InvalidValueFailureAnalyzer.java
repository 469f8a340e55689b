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

import java.time.Duration;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.annotation.Order;
import org.springframework.util.unit.DataSize;

/**
 * Explains a size or a time below {@code ublk} that is none. Goes before Spring Boot's
 * own analyzer, which cannot say how one is written.
 */
@Order(0)
final class InvalidValueFailureAnalyzer extends AbstractFailureAnalyzer<BindException> {

	private static final ConfigurationPropertyName PREFIX = ConfigurationPropertyName.of("ublk");

	@Override
	protected @Nullable FailureAnalysis analyze(Throwable rootFailure, BindException cause) {
		ConfigurationProperty property = cause.getProperty();
		if (property == null || !PREFIX.isAncestorOf(cause.getName())) {
			return null;
		}
		String remedy = remedy(cause.getTarget().getType().resolve(Object.class), property.getValue());
		if (remedy == null) {
			return null;
		}
		String origin = (property.getOrigin() != null) ? " (" + property.getOrigin() + ")" : "";
		return new FailureAnalysis(cause.getName() + " is '" + property.getValue() + "'" + origin + ".", remedy, cause);
	}

	private static @Nullable String remedy(Class<?> type, Object written) {
		if (type == DataSize.class) {
			return MisspeltSize.remedy(written);
		}
		return (type == Duration.class) ? "Write a number with ms, s, m, h or d, such as 5s." : null;
	}

}
