/*
 * The phrase and the texts of each status; see status.h. Switches, because a table of pointers would
 * be relocated in each process, which costs time for every page that it is on.
 */
#include "status.h"

struct view status_phrase(int status)
{
	switch (status) {
	case 200:
		return VIEW("OK");
	case 204:
		return VIEW("No Content");
	case 206:
		return VIEW("Partial Content");
	case 301:
		return VIEW("Moved Permanently");
	case 302:
		return VIEW("Found");
	case 303:
		return VIEW("See Other");
	case 304:
		return VIEW("Not Modified");
	case 307:
		return VIEW("Temporary Redirect");
	case 308:
		return VIEW("Permanent Redirect");
	case 400:
		return VIEW("Bad Request");
	case 403:
		return VIEW("Forbidden");
	case 404:
		return VIEW("Not Found");
	case 405:
		return VIEW("Method Not Allowed");
	case 408:
		return VIEW("Request Timeout");
	case 410:
		return VIEW("Gone");
	case 412:
		return VIEW("Precondition Failed");
	case 414:
		return VIEW("URI Too Long");
	case 416:
		return VIEW("Range Not Satisfiable");
	case 431:
		return VIEW("Request Header Fields Too Large");
	case 451:
		return VIEW("Unavailable For Legal Reasons");
	case 500:
		return VIEW("Internal Server Error");
	case 501:
		return VIEW("Not Implemented");
	case 503:
		return VIEW("Service Unavailable");
	case 505:
		return VIEW("HTTP Version Not Supported");
	default:
		return VIEW("Unknown");
	}
}

void status_add(struct buffer *buffer, int status)
{
	buffer_add_number(buffer, (uint64_t)status);
	buffer_add(buffer, VIEW(" "));
	buffer_add(buffer, status_phrase(status));
}

struct view status_explanation(int status)
{
	switch (status) {
	case 301:
		return VIEW("This page has another address.");
	case 302:
		return VIEW("This page is at another address for now.");
	case 303:
		return VIEW("The answer is at another address.");
	case 307:
		return VIEW("This page is temporarily at another address.");
	case 308:
		return VIEW("This page has moved to another address.");
	case 400:
		return VIEW("The server could not understand what the browser sent.");
	case 403:
		return VIEW("The server is not allowed to read this file.");
	case 404:
		return VIEW("There is nothing at this address.");
	case 405:
		return VIEW("This server only serves files: it accepts GET and HEAD.");
	case 408:
		return VIEW("The request took too long to arrive.");
	case 410:
		return VIEW("There is nothing at this address any more.");
	case 412:
		return VIEW("The file does not meet a condition of the request.");
	case 414:
		return VIEW("The address is longer than this server accepts.");
	case 416:
		return VIEW("The file does not have the requested part.");
	case 431:
		return VIEW("The browser sent more header fields than this server accepts.");
	case 451:
		return VIEW("This page is not available for legal reasons.");
	case 500:
		return VIEW("An error occurred on the server.");
	case 501:
		return VIEW("The server does not know this request method.");
	case 503:
		return VIEW("This site cannot be served at the moment.");
	case 505:
		return VIEW("This server supports HTTP/1.0 and HTTP/1.1.");
	default:
		return VIEW("");
	}
}

struct view status_advice(int status)
{
	switch (status) {
	case 301:
	case 302:
	case 303:
	case 307:
	case 308:
		return VIEW("Browsers open it automatically.");
	case 400:
	case 408:
		return VIEW("Try again, or contact the owner of this site if the error persists.");
	case 403:
		return VIEW("If it should be public, contact the owner of this site.");
	case 404:
	case 410:
		return VIEW("Check the address for a typing error, or start at the "
		            "<a href=\"/\">home page</a>.");
	case 405:
	case 501:
		return VIEW("Files cannot be uploaded or changed here.");
	case 412:
	case 416:
		return VIEW("Reload the complete file.");
	case 414:
		return VIEW("Shorten it, or start at the <a href=\"/\">home page</a>.");
	case 431:
		return VIEW("Deleting this site's cookies may help.");
	case 451:
		return VIEW("Contact the owner of this site for details.");
	case 500:
		return VIEW("Try again later, or contact the owner of this site.");
	case 503:
		return VIEW("Try again in a minute, or contact the owner of this site if the error "
		            "persists.");
	case 505:
		return VIEW("Try another browser.");
	default:
		return VIEW("");
	}
}
