window.addEventListener("DOMContentLoaded", () => {
  SwaggerUIBundle({
    dom_id: "#viewer",
    url: "/schema/openapi.json",
    validatorUrl: null, // the default sends the description to a validator on the internet
    deepLinking: true,
    tryItOutEnabled: true,
    defaultModelsExpandDepth: 0,
  });
});
