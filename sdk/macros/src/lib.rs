//! The attributes of `insula-sdk`, which re-exports and documents them: use that crate, not this one.
//!
//! Each leaves the function it stands on as it is and puts the export of a component beside it. What the export
//! does is a function of `insula-sdk`, so that these macros hold no logic.

use proc_macro::TokenStream;
use quote::quote;
use syn::{Ident, ItemFn};

/// See `insula_sdk::http`.
#[proc_macro_attribute]
pub fn http(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand("http", arguments, item, |function| {
        let name = &function.sig.ident;
        // A handler is called with each request; a function that is not async makes the handler, say a router.
        let handler = if function.sig.asyncness.is_some() { quote!(#name) } else { quote!(#name()) };
        quote! {
            #function

            const _: () = {
                use ::insula_sdk::__private::wasip2;

                struct Export;

                impl wasip2::exports::http::incoming_handler::Guest for Export {
                    fn handle(
                        request: wasip2::http::types::IncomingRequest,
                        answer: wasip2::http::types::ResponseOutparam,
                    ) {
                        ::insula_sdk::__private::serve(request, answer, || #handler)
                    }
                }

                wasip2::http::proxy::export!(Export with_types_in wasip2);
            };
        }
    })
}

/// See `insula_sdk::messages`.
#[proc_macro_attribute]
pub fn messages(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand("messages", arguments, item, |function| {
        let name = &function.sig.ident;
        quote! {
            #function

            const _: () = {
                use ::insula_sdk::__private::messaging;

                struct Export;

                impl messaging::exports::wasi::messaging::incoming_handler::Guest for Export {
                    fn handle(
                        message: messaging::wasi::messaging::types::Message,
                    ) -> ::core::result::Result<(), messaging::wasi::messaging::types::Error> {
                        ::insula_sdk::__private::receive(message, #name)
                    }
                }

                messaging::export!(Export with_types_in messaging);
            };
        }
    })
}

/// See `insula_sdk::main`.
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    expand("main", arguments, item, |function| {
        let name = &function.sig.ident;
        quote! {
            fn main() -> ::std::process::ExitCode {
                #function

                ::insula_sdk::__private::run(#name)
            }
        }
    })
}

/// Refuses what no attribute takes, and expands the rest.
fn expand(
    attribute: &str,
    arguments: TokenStream,
    item: TokenStream,
    expansion: impl FnOnce(&ItemFn) -> proc_macro2::TokenStream,
) -> TokenStream {
    let arguments = proc_macro2::TokenStream::from(arguments);
    if !arguments.is_empty() {
        let text = format!("#[insula_sdk::{attribute}] takes no arguments");
        return syn::Error::new_spanned(arguments, text).into_compile_error().into();
    }
    let function = syn::parse_macro_input!(item as ItemFn);
    match check(attribute, &function) {
        Ok(()) => expansion(&function).into(),
        Err(error) => error.into_compile_error().into(),
    }
}

/// What an attribute asks of the function it stands on, told before the compiler tells it less clearly.
fn check(attribute: &str, function: &ItemFn) -> syn::Result<()> {
    let signature = &function.sig;
    let refuse =
        |at: &Ident, text: &str| Err(syn::Error::new_spanned(at, format!("#[insula_sdk::{attribute}] {text}")));
    let is_async = signature.asyncness.is_some();
    if !is_async && attribute != "http" {
        return refuse(&signature.ident, "stands on an `async fn`; a function that is not async needs no attribute");
    }
    if !is_async && !signature.inputs.is_empty() {
        return refuse(
            &signature.ident,
            "stands on an `async fn` handler, or on a `fn` without arguments that makes a Router",
        );
    }
    if attribute == "main" && !signature.inputs.is_empty() {
        return refuse(&signature.ident, "takes no arguments: they are in `std::env::args()`");
    }
    Ok(())
}
