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

import io.github.ublk4j.spring.BlockStoreFactory;
import io.github.ublk4j.store.StoreUnavailableException;

import org.springframework.beans.factory.NoUniqueBeanDefinitionException;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;
import org.springframework.web.reactive.function.client.WebClient;

/**
 * {@link EnableAutoConfiguration Auto-configuration} for {@code store: https://...}, with
 * the {@link WebClient} that the application has set up.
 */
@AutoConfiguration(afterName = "org.springframework.boot.webclient.autoconfigure.WebClientAutoConfiguration")
@ConditionalOnClass(WebClient.class)
public final class HttpStoreAutoConfiguration {

	HttpStoreAutoConfiguration() {
	}

	@Bean
	@ConditionalOnMissingBean(name = "httpBlockStoreFactory")
	BlockStoreFactory httpBlockStoreFactory(ObjectProvider<WebClient.Builder> builders) {
		return new HttpBlockStoreFactory(() -> builder(builders).build());
	}

	private static WebClient.Builder builder(ObjectProvider<WebClient.Builder> builders) {
		try {
			return builders.getIfAvailable(WebClient::builder);
		}
		catch (NoUniqueBeanDefinitionException ex) {
			throw new StoreUnavailableException(
					"There are several beans of the type WebClient.Builder: " + ex.getBeanNamesFound() + ".",
					"Mark the one to ask for images @Primary.", ex);
		}
	}

}
