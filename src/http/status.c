/*
 * Phrases and texts for each status; see status.h. Switches instead of tables of pointers: a table
 * would be relocated, and its pages touched, in each process.
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
	case 304:
		return VIEW("Not Modified");
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
	case 412:
		return VIEW("Precondition Failed");
	case 414:
		return VIEW("URI Too Long");
	case 416:
		return VIEW("Range Not Satisfiable");
	case 431:
		return VIEW("Request Header Fields Too Large");
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

struct view status_explanation(int status)
{
	switch (status) {
	case 301:
		return VIEW("This page lives at another address.");
	case 400:
		return VIEW("The server could not understand what the browser sent.");
	case 403:
		return VIEW("The server may not read this file.");
	case 404:
		return VIEW("There is nothing at this address.");
	case 405:
		return VIEW("This server only hands out files: it knows GET and HEAD.");
	case 408:
		return VIEW("The request took too long to arrive.");
	case 412:
		return VIEW("The file is not in the state that the request asks for.");
	case 414:
		return VIEW("The address is longer than this server takes.");
	case 416:
		return VIEW("The file has no such part.");
	case 431:
		return VIEW("The browser sent more header fields than this server takes.");
	case 500:
		return VIEW("Something is wrong on the server's side.");
	case 501:
		return VIEW("The server does not know this request method.");
	case 503:
		return VIEW("This site cannot be served at the moment.");
	case 505:
		return VIEW("The server speaks HTTP/1.0 and HTTP/1.1.");
	default:
		return VIEW("");
	}
}

struct view status_advice(int status)
{
	switch (status) {
	case 301:
		return VIEW("Browsers go there by themselves.");
	case 400:
	case 408:
		return VIEW("Try once more; if it goes on, tell the owner of this site.");
	case 403:
		return VIEW("If you should see it, tell the owner of this site.");
	case 404:
		return VIEW("Look for a slip in the address, or begin at the "
		            "<a href=\"/\">home page</a>.");
	case 405:
	case 501:
		return VIEW("Nothing can be sent to it, or changed on it.");
	case 412:
	case 416:
		return VIEW("Load the file anew, and whole.");
	case 414:
		return VIEW("Shorten it, or begin at the <a href=\"/\">home page</a>.");
	case 431:
		return VIEW("Deleting this site's cookies may help.");
	case 500:
		return VIEW(
		    "It is not your fault: try again later, or tell the owner of this site.");
	case 503:
		return VIEW("Try again in a minute; if it lasts, tell the owner of this site.");
	case 505:
		return VIEW("Another browser may help.");
	default:
		return VIEW("");
	}
}
